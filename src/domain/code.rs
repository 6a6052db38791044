//! The registry of error codes: each stands for one thing that can go wrong and carries the one
//! thing a person should do next. Codes are promises; they are never reused for something else.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:expr])? $name:ident = $text:literal, $next:literal;)*) => {
        /// A stable error code, printed as `LS-…`.
        // A next step may name a recipe's `[table]`, which is no link.
        #[allow(rustdoc::broken_intra_doc_links)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = concat!($text, ": ", $next)] $name,)* }

        impl Code {
            /// Every code there is, in the order of the registry.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The stable text, such as `LS-ID-01`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// One thing to do next, as a plain sentence.
            pub fn next_step(self) -> &'static str {
                match self { $(Code::$name => $next,)* }
            }

            /// The code with this text, if it is one of ours.
            pub fn find(text: &str) -> Option<Code> {
                match text { $($text => Some(Code::$name),)* _ => None }
            }
        }
    };
}

codes! {
    // -- who the device is
    SerialInvalid = "LS-ID-01", "Check the label and the recipe's [identify] serial command.";
    MacInvalid = "LS-ID-02", "Check the recipe's [identify] mac command.";
    Placeholder = "LS-ID-03", "Have the real serial number and MAC programmed first; this value is a maker's placeholder.";
    RegistrationIdInvalid = "LS-ID-04", "Change [identity] registration_id in the recipe.";
    DeviceIdInvalid = "LS-ID-05", "Change [identity] device_id in the recipe.";
    WrongProduct = "LS-ID-06", "Take the unit out and put in one of the work order's product.";
    LabelDisagrees = "LS-ID-07", "Put the unit with the scanned label into this slot.";
    // -- the scan box
    ScanUnknown = "LS-SCAN-01", "Scan the label of a unit or a bar code of the command sheet.";
    LabelUnreadable = "LS-SCAN-02", "Scan the unit's label again; if it stays, the recipe's [identify] label does not fit.";
    SlotNotChosen = "LS-SCAN-03", "Choose the slot first: its F-key or its bar code; then scan again.";
    ScanNotNow = "LS-SCAN-04", "Look at the tile of the slot: it says what comes next.";
    // -- settings, recipes, the command line
    ProductInvalid = "LS-SET-01", "Mend the recipe; `lineside product check FILE` names each fault.";
    ProductMissing = "LS-SET-02", "List the recipes with `lineside product list`, or copy one with `lineside product add`.";
    SettingsInvalid = "LS-SET-03", "Mend station.toml; its comments explain every key.";
    NoStation = "LS-SET-04", "Make a station with `lineside init`, or name one with --station.";
    StationExists = "LS-SET-05", "Choose an empty folder; an existing station is never overwritten.";
    NameInvalid = "LS-SET-06", "Use 1 to 64 letters, digits, dots, dashes or underscores.";
    Usage = "LS-SET-07", "See `lineside --help`.";
    FileUnreadable = "LS-SET-08", "Check that the file exists and may be read.";
    StationBusy = "LS-SET-09", "Stop the other lineside that serves this station first.";
    ListenRefused = "LS-SET-10", "Listen on a free address of this machine, such as 127.0.0.1:8470; list further names in hosts.";
    ReasonMissing = "LS-SET-11", "Give a reason: one line of 1 to 500 characters.";
    // -- people and rights
    LoginRefused = "LS-AUTH-01", "Check name and password; after five failures wait a minute.";
    NotAllowed = "LS-AUTH-02", "Ask somebody whose role allows this.";
    PersonUnknown = "LS-AUTH-03", "List the people with `lineside user list`.";
    PersonExists = "LS-AUTH-04", "Choose another name; names are never used twice.";
    ClientTokenRefused = "LS-AUTH-06", "Send the client's token as `Authorization: Bearer lst_…`; an administrator makes one on the Clients page.";
    ClientExists = "LS-AUTH-07", "Choose another name for the client; names are never used twice.";
    ClientUnknown = "LS-AUTH-08", "List the clients with `lineside client list`.";
    NobodyOnTheLine = "LS-AUTH-09", "Scan your badge at the line, or log in there as an operator.";
    PasswordWeak = "LS-AUTH-05", "Choose at least 10 characters; an operator may have a PIN of at least 6 digits that is not easily guessed.";
    BadgeRefused = "LS-BADGE-01", "Give an operator a card of 6 to 64 characters that nobody else uses, or have the station make a badge.";
    CertificateUnfit = "LS-TLS-01", "Mend [tls] in station.toml, or leave it out: the station then makes its own certificate.";
    // -- work orders and runs
    WorkOrderUnknown = "LS-WO-01", "List the work orders with `lineside work-order list`.";
    WorkOrderExists = "LS-WO-02", "Choose another name for the work order.";
    NoActiveWorkOrder = "LS-WO-03", "Activate a work order with `lineside work-order activate NAME`.";
    QuotaSpent = "LS-WO-04", "Close this work order and activate the next one.";
    SerialNotAllowed = "LS-WO-05", "This unit is not in the work order's list of serials; take it out.";
    WorkOrderState = "LS-WO-06", "See the state of the work order with `lineside work-order list`.";
    WorkOrderUnsettled = "LS-WO-07", "Let the outbox send what waits and decide about runs without a verdict, or give a reason to close it all the same.";
    FirstArticle = "LS-WO-08", "Look at the work order's page: it says which first article waits.";
    WorkOrderSize = "LS-WO-09", "Give whole numbers: how many devices are to pass, and how many spare.";
    ReportSpan = "LS-REP-01", "Give beginning and end as date and time, such as 2026-11-22T06:00; at most 366 days.";
    RunUnknown = "LS-RUN-01", "List the runs with `lineside run list`.";
    RunFinished = "LS-RUN-02", "This run has its verdict; nothing is left to decide.";
    RunNotResumable = "LS-RUN-03", "Use `lineside run supersede` and start again with the device.";
    RunUnfinished = "LS-RUN-04", "An engineer decides first: `lineside run resume`, `supersede` or `quarantine`.";
    AlreadyPassed = "LS-RUN-05", "Take the unit out; for re-work an engineer first uses `lineside run supersede`.";
    DeviceBlocked = "LS-RUN-06", "Put the unit aside for an engineer.";
    RunUnderWay = "LS-RUN-08", "Wait for its verdict, or pull the unit; then decide.";
    // -- duplicates: named alarms
    DuplicateSerial = "LS-DUP-01", "Put the unit aside for an engineer: another device has this serial number.";
    DuplicateMac = "LS-DUP-02", "Put the unit aside for an engineer: another device has this MAC address.";
    DuplicateRegistrationId = "LS-DUP-03", "Put the unit aside for an engineer: another device has this registration ID.";
    DuplicateKey = "LS-DUP-04", "Put the unit aside for an engineer: another device has the same public key.";
    // -- certificates
    CsrGarbage = "LS-CA-01", "Have the device make its certificate request again.";
    CsrNotPossessed = "LS-CA-02", "Have the device make its key and request again; the request is not signed by its own key.";
    TwoCertificates = "LS-CA-43", "Give a request for each of the two keys: columns csr and secondary_csr of a table, or --secondary-csr.";
    KeyTypeRefused = "LS-CA-03", "Use a key type that the profile allows.";
    ProfileInvalid = "LS-CA-04", "Mend the profile; the message names the line.";
    IssuerInvalid = "LS-CA-05", "Restore the ca folder of this station; key and certificate of the issuing CA do not belong together.";
    IssuerExpired = "LS-CA-06", "Renew the issuing CA.";
    ClockBehind = "LS-CA-07", "Set the station's clock; it stands before the last entry of the audit log.";
    SignFailed = "LS-CA-08", "Look at the signer (key file or token) and try again.";
    PossessionNotProven = "LS-CA-09", "Run the unit again; if it fails twice, put it aside.";
    CertificateUnknown = "LS-CA-10", "Find the certificate's serial number with `lineside run show`.";
    CertificateRevoked = "LS-CA-11", "Nothing to do: this certificate is revoked already.";
    CertificateInvalid = "LS-CA-12", "Give one whole X.509 certificate, in PEM or DER.";
    VerificationCodeInvalid = "LS-CA-13", "Copy the whole verification code that Azure shows beside the certificate.";
    // -- a key in a token
    TokenUriInvalid = "LS-TOKEN-01", "Write pkcs11:token=NAME;object=NAME?module-path=/PATH/MODULE.so; the PIN is the secret pkcs11-pin.";
    TokenModule = "LS-TOKEN-02", "Check module-path in [issuing_key] of station.toml, and that the token's software is installed.";
    TokenGone = "LS-TOKEN-03", "Put the token named in [issuing_key] of station.toml back; then do it again.";
    TokenLost = "LS-TOKEN-04", "Check that the token is plugged in firmly and answers; then do it again.";
    TokenBusy = "LS-TOKEN-05", "Wait a moment and do it again; if it stays, the token hangs: plug it in anew.";
    TokenPinMissing = "LS-TOKEN-06", "Store the token's PIN with `lineside secret set pkcs11-pin`.";
    TokenPinRefused = "LS-TOKEN-07", "Stop the station and set the right PIN with `lineside secret set pkcs11-pin`.";
    TokenPinLocked = "LS-TOKEN-08", "Free the PIN with the token's own tool, then set it with `lineside secret set pkcs11-pin`.";
    TokenKey = "LS-TOKEN-09", "Put the right token in, or mend object in [issuing_key] of station.toml.";
    TokenKeyTaken = "LS-TOKEN-10", "Choose another object in the URI, or remove the old key with the token's own tool.";
    TokenUnfit = "LS-TOKEN-11", "Use a token that makes and signs with EC keys on P-384 (CKM_ECDSA).";
    // -- ceremonies of the CA
    IssuerMissing = "LS-CER-01", "Have the root sign what `lineside ca csr` prints, then install the certificate with `lineside ca install`.";
    InstallNotWanted = "LS-CER-02", "Begin a renewal with `lineside ca renew`, or with `lineside ca renew --csr` for a root elsewhere.";
    InstallKey = "LS-CER-03", "Have the root sign the request that `lineside ca csr` prints now, and install that certificate.";
    InstallNotCa = "LS-CER-04", "Have it issued again with critical basicConstraints CA:TRUE, pathlen:0.";
    InstallUsage = "LS-CER-05", "Have it issued again with the key usages keyCertSign and cRLSign.";
    InstallPathLength = "LS-CER-06", "Have it issued again with pathlen:0, under a root that allows a CA below it.";
    InstallValidity = "LS-CER-07", "Check the station's clock, or have it issued again: valid now and for at least 30 days.";
    InstallChain = "LS-CER-08", "Give the root that signed it with --root, and have it issued with that root's key identifier.";
    InstallName = "LS-CER-09", "Have it issued again with a plain subject (one attribute a level, none twice) and a subject key identifier of its own.";
    RootUnfit = "LS-CER-10", "Give the root's own certificate with --root: self-signed, of a CA, valid now.";
    SecondNeeded = "LS-CER-11", "At the command line, say who you are with --as, and have another administrator confirm with --second NAME; both give their passwords.";
    SecondRefused = "LS-CER-12", "Two different administrators who may log in each give their own password: --as-password-file and --second-password-file, or when asked.";
    // LS-CER-13 meant that an issuing CA in a token cannot be renewed; it is not given again
    InstallPurpose = "LS-CER-14", "Have it issued again without extended key usages, or with clientAuth among them; root and issuing CA alike.";
    InstallConstrained = "LS-CER-15", "Have it issued again without name or policy constraints; root and issuing CA alike.";
    InstallCritical = "LS-CER-16", "Have it issued again without that extension, or with it not critical.";
    InstallOnRecord = "LS-CER-18", "Mend what the message names, then unlock the station: that carries the installation through, its sheet and its lists too.";
    IssuerUnknown = "LS-CER-17", "Bring the files issuing-N.pem of the issuing CAs before the present one back into the station's ca folder.";
    // -- requests and the keys in them
    // -- profiles
    CertificateEnd = "LS-CA-40", "Choose a profile whose certificates end when the issuing CA and the device allow.";
    CertificateName = "LS-CA-41", "Mend the profile's [subject] or [san], or the device's serial number; the message says what does not fit.";
    ProfileUse = "LS-CA-42", "Name a profile of the right use: devices, or proof-of-possession for `lineside ca prove`.";
    CsrTrailing = "LS-CSR-01", "Hand over the certificate request alone; something stands behind its end.";
    CsrTooLarge = "LS-CSR-02", "Have the device make a plain certificate request, without large extensions.";
    CsrSignature = "LS-CSR-03", "Have the request signed with SHA-256, SHA-384 or SHA-512.";
    KeyOffCurve = "LS-CSR-04", "Have the device make a new key; if it happens again, its library is faulty.";
    RsaTooSmall = "LS-CSR-05", "Have the device make a key of at least 2048 bits, better one on P-256.";
    RsaTooLarge = "LS-CSR-06", "Have the device make a key of at most 4096 bits, better one on P-256.";
    RsaEvenModulus = "LS-CSR-07", "Put the device aside for an engineer: its key was damaged or never real.";
    RsaExponent = "LS-CSR-08", "Have the device make its key with the public exponent 65537.";
    RsaSmallFactor = "LS-CSR-09", "Put the device aside for an engineer: its key was damaged or never real.";
    RsaRoca = "LS-CSR-10", "Put the device aside for an engineer: its security chip needs the maker's update, or a key on P-256.";
    RsaClosePrimes = "LS-CSR-11", "Put the device aside for an engineer: the library that made its key is faulty.";
    KeyBlocklisted = "LS-CSR-12", "Put the device aside for an engineer: ca/blocklist.txt in the station's folder names its key.";
    KeysAlike = "LS-CSR-14", "Put the device aside for an engineer: it must make a second key for its second certificate.";
    KeyCompromised = "LS-CSR-15", "Have the device make a new key; the one it used is known to others.";
    BlocklistInvalid = "LS-CSR-13", "Mend ca/blocklist.txt in the station's folder: one SHA-256 of a public key a line.";
    // -- secrets
    VaultLocked = "LS-VAULT-01", "Unlock the station on its Unlock page or with --passphrase-file.";
    PassphraseWrong = "LS-VAULT-02", "Give the right passphrase; the vault is unchanged.";
    VaultDamaged = "LS-VAULT-03", "Restore the vault file from a backup, or open it with the recovery identity.";
    GroupKeyInvalid = "LS-VAULT-04", "Copy the whole key from the enrollment group: base64 of 16 to 64 bytes.";
    SecretUnknown = "LS-VAULT-05", "Store it first with `lineside secret set NAME` or `lineside key add NAME`.";
    SecretExists = "LS-VAULT-06", "Choose another name, or use `lineside key rotate`.";
    CheckValueWrong = "LS-VAULT-07", "Restore the vault and the database from the same backup.";
    SecretInvalid = "LS-VAULT-08", "Check the secret's form and set it again.";
    VaultUnwritable = "LS-VAULT-09", "Check that the station folder may be written and its disk is not full; then do it again.";
    RootKeyMissing = "LS-VAULT-10", "Bring root-key.age back into the station folder from where it is kept.";
    VaultTooNew = "LS-VAULT-11", "Use the lineside that wrote this vault, or a newer one.";
    GroupKeyInUse = "LS-VAULT-12", "Send what waits with `lineside enroll push`, or withdraw it with `lineside run supersede`; then rotate the key.";
    GroupKeyChanged = "LS-VAULT-13", "The device holds an old key: use `lineside run supersede` and provision it again.";
    // -- the line
    PortMissing = "LS-LINE-01", "Check the cable and the slot's port in station.toml.";
    PortGone = "LS-LINE-02", "Plug the unit in again and leave the cable alone until the verdict.";
    Silent = "LS-LINE-03", "Check power and cable of the unit; then try again.";
    Garbled = "LS-LINE-04", "Check the cable and the baud rate.";
    DeviceRefused = "LS-LINE-05", "Look at the unit's own message; put it aside if it stays.";
    ProtocolBroken = "LS-LINE-06", "Check that the unit runs the right firmware.";
    LoginFailed = "LS-LINE-07", "Check the user and password the recipe names.";
    ReadBackDiffers = "LS-LINE-08", "Run the unit again; if it fails twice, its memory is at fault.";
    TemplateFailed = "LS-LINE-09", "Mend the recipe's template.";
    NotCapable = "LS-LINE-10", "Use a recipe that asks only for what this firmware can do.";
    TooLarge = "LS-LINE-11", "Make the file smaller than the device's limit.";
    DeviceRestarted = "LS-LINE-12", "Check the unit's power supply; then run it again.";
    PortBusy = "LS-LINE-13", "End the other program that has the port open, such as a terminal or ModemManager.";
    // -- the cloud
    CloudUnreachable = "LS-AZ-01", "Nothing to do on the line; the outbox sends when the network is back.";
    CloudThrottled = "LS-AZ-02", "Nothing to do; the outbox waits as long as Azure asks.";
    CloudRefused = "LS-AZ-03", "Check the DPS connection string and its rights, then `lineside enroll retry`.";
    EnrollmentConflict = "LS-AZ-04", "Another credential is enrolled under this ID: compare both, then `lineside enroll retry`.";
    ConnectionStringInvalid = "LS-AZ-05", "Copy the whole connection string of a DPS access policy.";
    EnrollmentInvalid = "LS-AZ-06", "Mend the recipe's [enroll] part, then `lineside enroll retry`.";
    CloudAnswerStrange = "LS-AZ-07", "Check that the connection string names a DPS and that nothing on the way answers in its place; then `lineside enroll retry`.";
    CloudRootsInvalid = "LS-AZ-08", "Check the file of trusted root certificates that the settings name.";
    TokenRefused = "LS-AZ-09", "Check the key the token was made with, and the clock of whoever made it.";
    EnrollmentSettled = "LS-AZ-10", "Look at the operation again; it has moved on meanwhile.";
    CancelRefused = "LS-AZ-11", "Leave the operation in the outbox and remove what keeps it from being sent.";
    AmendmentInvalid = "LS-AZ-12", "Mend the fields that are named and send the form again.";
    // -- the simulator
    SimulatorStart = "LS-SIM-01", "Choose another address or port for the simulator, and a folder it may write its CA file to.";
    SimulatorSettings = "LS-SIM-02", "Name at least one hub, such as plant-hub.azure-devices.net, and keys of 16 to 64 bytes.";
    // -- files of many identities
    TableUnreadable = "LS-CSV-01", "Save the table as CSV in UTF-8, with one line of column names, and try again.";
    ExportAsk = "LS-CSV-30", "See `lineside batch export --help`.";
    ExportRow = "LS-CSV-31", "The other devices are in the file; see this one on the Devices page.";
    ExportPrivateKey = "LS-CSV-32", "Leave this column out; private keys are only in the sealed output of `lineside batch issue`.";
    RowDuplicate = "LS-CSV-10", "Keep one of the rows that name the same thing, in the result file, and import that file.";
    RowContradicts = "LS-CSV-11", "Compare the row with the record it names; mend whichever is wrong in the result file, and import that file.";
    ImportRuns = "LS-CSV-12", "Wait until the import that runs has ended, then try again.";
    EndorsementKeyInvalid = "LS-CSV-13", "Copy the TPM's whole endorsement key: the base64 of its TPM2B_PUBLIC.";
    ImportUnclear = "LS-CSV-14", "Name the columns as Lineside knows them: serial or registration_id for devices; work_order, product and quantity for work orders.";
    InputChanged = "LS-CSV-15", "Leave the file alone while it is imported, and import it again; nothing was taken.";
    NotAsAnnounced = "LS-CSV-16", "Put the unit aside for an engineer: compare it with the file that announced it.";
    AnnouncedForOtherOrder = "LS-CSV-17", "Take the unit out; it belongs to the work order that is named.";
    RowsRefused = "LS-CSV-18", "Mend the rows that the result file names and import that file, or take the good rows with --partial.";
    RowIncomplete = "LS-CSV-19", "Fill in the cell that is named in the result file, and import that file.";
    RowShape = "LS-CSV-02", "Give each row as many cells as the first line has columns, and a cell at most 64 KiB.";
    TurnedIntoNumber = "LS-CSV-03", "Take the column from its source again, and set it to text before a spreadsheet reads it.";
    ColumnMissing = "LS-CSV-04", "Name the column in the table's first line.";
    OutputExists = "LS-CSV-05", "Choose another name for the output, or carry the file of that name away.";
    IdentityMissing = "LS-CSV-06", "Fill in the cell the message names.";
    OutputUnwritable = "LS-CSV-07", "Check that the folder may be written and its disk is not full; then do it again.";
    IdentityDisagrees = "LS-CSV-08", "Leave the registration ID's cell empty to have it formed, or give what the recipe forms.";
    TableTooLarge = "LS-CSV-09", "Check the table's quotes and line ends; at most 500 columns and 1 MiB a row are read.";
    BatchKeys = "LS-CSV-20", "Give a recipe whose devices get certificates, and either a column csr or --keys-to with an age recipient.";
    BatchSize = "LS-CSV-21", "Give a table with at least one row, or divide a large one.";
    BatchUnfinished = "LS-CSV-22", "See `lineside batch list`; run the same command as before to go on, or `lineside batch cancel NUMBER`.";
    RecipientInvalid = "LS-CSV-25", "Give each --keys-to one age recipient (age1…), as `age-keygen -y` prints it.";
    BundleNames = "LS-CSV-28", "Give the recipe's [[inject]] files different names of at most 96 characters, none of them certificate.pem, chain.pem or key.pem.";
    OutputShorter = "LS-CSV-29", "Put the output back as the batch left it, or begin another batch with another output.";
    BatchUnderWay = "LS-CSV-40", "Wait until the batch under way has ended, or cancel it on its page.";
    BatchesWait = "LS-CSV-41", "Decide on the Batches page about the files that wait, or give them up.";
    UploadTooLarge = "LS-CSV-42", "Split the file, or run the batch at the station's command line.";
    BatchInputChanged = "LS-CSV-43", "Put the input back as it was and run the same command to go on, or give the batch up with `lineside batch cancel NUMBER`; what was issued is in the output.";
    // -- labels
    PrinterOut = "LS-LABEL-01", "Check the printer's power, paper and cable; its labels wait, and the line goes on.";
    PrinterUnknown = "LS-LABEL-02", "Add a [[printer]] of this name to station.toml and start again, or change [label] printer in the recipe.";
    NoLabel = "LS-LABEL-03", "Only a run that passed under a recipe with a [label] part has a label.";
    LabelDoubtful = "LS-LABEL-05", "See whether the label came out; then say so on the Labels page, or print it again there.";
    LabelWithdrawn = "LS-LABEL-06", "Destroy the labels of a withdrawn identity; a device that is provisioned again prints its own.";
    // -- other systems
    ApiRequestInvalid = "LS-API-01", "Compare the request with /api/v1/openapi.json.";
    ApiNothingThere = "LS-API-02", "Check the address and the name in it against /api/v1/openapi.json.";
    HookFailed = "LS-HOOK-01", "Check the slot's on_start in station.toml and what it starts; the unit was not touched.";
    WebhookFailed = "LS-HOOK-02", "Check the webhook's address and its receiver; nothing is lost, it is tried again.";
    // -- records
    RecordsUnreadable = "LS-DB-01", "Check the disk; restore station.db from a backup if it is damaged.";
    RecordsTooNew = "LS-DB-02", "Use the lineside that wrote this database, or a newer one.";
    DiskFull = "LS-DB-03", "Free space on the station's disk; nothing was issued.";
    RecordsConflict = "LS-DB-04", "Look at the record again; somebody else changed it in between.";
    RecordsBusy = "LS-DB-05", "Wait a moment, then try again.";
    ReadTooLong = "LS-DB-06", "Ask for less at once, such as a shorter span, or try again when the line is quiet.";
    // -- the audit log
    AuditBroken = "LS-AUDIT-01", "Stop issuing, keep this folder as evidence, and compare with the checkpoints kept elsewhere.";
    AuditBehind = "LS-AUDIT-02", "Put the newest station.db back: this one is older than a checkpoint that was signed.";
    CheckpointInvalid = "LS-AUDIT-03", "Check that checkpoint and verifier key belong to this station.";
    AuditEntryUnknown = "LS-AUDIT-04", "Check the device or entry number.";
    AuditNotSigned = "LS-AUDIT-05", "Sign a checkpoint with `lineside audit checkpoint`, then ask again.";
    VerificationRuns = "LS-AUDIT-06", "Wait until the verification that runs has ended, or stop it.";
    // -- the station itself
    Interrupted = "LS-ST-02", "Run the command again; nothing is lost.";
    Internal = "LS-ST-01", "Try again; if it stays, keep the log lines for the maker.";
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error's words as a sentence for a person: begun with a capital, ended with a full stop.
pub fn sentence(words: &impl fmt::Display) -> String {
    let mut text = words.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// An error that a person may see: its `Display` is one plain sentence, its code says what to do next.
pub trait Coded: std::error::Error {
    /// The code of this error.
    fn code(&self) -> Code;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_code_stands_once_and_is_found_again() {
        let mut seen = HashSet::new();
        for code in Code::ALL {
            assert!(code.as_str().starts_with("LS-"), "{code}");
            assert!(seen.insert(code.as_str()), "{code} stands twice");
            assert_eq!(Code::find(code.as_str()), Some(*code));
            assert!(code.next_step().ends_with('.'), "{code} has no sentence");
        }
        assert_eq!(Code::find("LS-XX-99"), None);
    }

    #[test]
    fn words_become_a_sentence() {
        assert_eq!(sentence(&"the port is gone"), "The port is gone.");
        assert_eq!(sentence(&"“0000” is a placeholder."), "“0000” is a placeholder.");
        assert_eq!(sentence(&""), ".");
    }
}

//! The words of the CA's pages.

words! {
    /// Chain, revocation list, ceremony, proof of possession.
    CaWords {
        title: "Certificate authority", "Zertifizierungsstelle", "证书颁发机构", "Autoridad de certificación";
        root: "Root CA", "Stamm-CA", "根 CA", "CA raíz";
        issuing: "Issuing CA", "Ausstellende CA", "签发 CA", "CA emisora";
        subject: "Subject", "Inhaber", "主题", "Titular";
        issuer: "Issued by", "Ausgestellt von", "签发者", "Emitido por";
        serial: "Serial number", "Seriennummer", "序列号", "Número de serie";
        from: "Valid from", "Gültig ab", "有效期自", "Válido desde";
        until: "Valid until", "Gültig bis", "有效期至", "Válido hasta";
        no_end: "without end", "ohne Ende", "永久", "sin fin";
        days_left: "{days} days left", "noch {days} Tage", "剩余 {days} 天", "quedan {days} días";
        left: "Time left", "Restlaufzeit", "剩余时间", "Tiempo restante";
        sha1: "SHA-1", "SHA-1", "SHA-1", "SHA-1";
        sha256: "SHA-256", "SHA-256", "SHA-256", "SHA-256";
        pem: "PEM", "PEM", "PEM", "PEM";
        der: "DER", "DER", "DER", "DER";
        key: "Key", "Schlüssel", "密钥", "Clave";
        soon_over: "{name} has only {days} days left: renew it in time, and upload the new certificate to Azure first.", "{name} ist nur noch {days} Tage gültig: rechtzeitig erneuern und das neue Zertifikat zuerst bei Azure hochladen.", "{name} 仅剩 {days} 天：请及时更新，并先将新证书上传到 Azure。", "A {name} solo le quedan {days} días: renuévela a tiempo y suba antes el nuevo certificado a Azure.";
        root_key_here: "The root's key still lies in the station's folder: carry root-key.age off and keep it safe. The station never needs it.", "Der Schlüssel der Stamm-CA liegt noch im Ordner der Station: root-key.age forttragen und sicher verwahren. Die Station braucht ihn nie.", "根密钥仍在工站文件夹中：请移走 root-key.age 并妥善保管。工站从不需要它。", "La clave de la raíz sigue en la carpeta de la estación: llévese root-key.age y guárdelo a salvo. La estación nunca la necesita.";
        ended: "{name} ended on {at}: nothing it signed is trusted any more. Renew it.", "{name} ist am {at} abgelaufen: was sie signiert hat, gilt nicht mehr. Erneuern.", "{name} 已于 {at} 到期：其签发的一切不再受信任。请更新。", "{name} caducó el {at}: ya no vale nada de lo que firmó. Renuévela.";
        sha1_signed: "The certificate of {name} is signed with SHA-1, which many programs refuse.", "Das Zertifikat von {name} ist mit SHA-1 signiert; viele Programme lehnen das ab.", "{name} 的证书使用 SHA-1 签名，许多程序会拒绝。", "El certificado de {name} está firmado con SHA-1, que muchos programas rechazan.";
        ends_with_root: "The root CA ends on {at}, and {name} with it.", "Die Stamm-CA endet am {at}, und {name} mit ihr.", "根 CA 于 {at} 到期，{name} 随之失效。", "La CA raíz acaba el {at}, y con ella {name}.";
        outlived: "The issuing CA ends before a certificate of profile {profile} would: such a certificate is cut short or refused.", "Die ausstellende CA endet vor einem Zertifikat des Profils {profile}: ein solches wird gekürzt oder abgelehnt.", "签发 CA 早于配置文件 {profile} 的证书到期：此类证书会被缩短或拒绝。", "La CA emisora acaba antes que un certificado del perfil {profile}: este se acorta o se rechaza.";
        one_list: "Certificates of profile {profile} would point to one revocation list whichever issuing CA signed them: the placeholder for the CA belongs into its crl_distribution_point before the next renewal.", "Zertifikate des Profils {profile} verwiesen auf ein und dieselbe Sperrliste, welche ausstellende CA auch immer sie signiert hat: der Platzhalter für die CA gehört vor der nächsten Erneuerung in ihr crl_distribution_point.", "配置文件 {profile} 的证书无论由哪个签发 CA 签名都会指向同一吊销列表：请在下次更新前将 CA 占位符写入其 crl_distribution_point。", "Los certificados del perfil {profile} apuntarían a una sola lista de revocación, los firme la CA emisora que los firme: ponga el marcador de la CA en su crl_distribution_point antes de la próxima renovación.";
        waits: "This station has no certificate of its issuing CA yet, so it issues nothing. Its root is elsewhere:", "Diese Station hat noch kein Zertifikat ihrer ausstellenden CA und stellt daher nichts aus. Ihre Stamm-CA ist anderswo:", "本工站尚无签发 CA 的证书，因此不签发任何内容。其根 CA 在别处：", "Esta estación aún no tiene certificado de su CA emisora y no emite nada. Su raíz está en otro lugar:";
        next_waits: "Another issuing CA waits for its certificate. Until it is installed the present one goes on.", "Eine weitere ausstellende CA wartet auf ihr Zertifikat. Bis es eingespielt ist, arbeitet die jetzige weiter.", "另一个签发 CA 正在等待其证书。在安装之前，当前的继续工作。", "Otra CA emisora espera su certificado. Hasta que se instale sigue la actual.";
        await_heading: "Waiting for a certificate", "Wartet auf ein Zertifikat", "等待证书", "En espera de un certificado";
        step_request: "Stop the station and make the request at its command line:", "Die Station anhalten und den Antrag an ihrer Kommandozeile erzeugen:", "停止工站，并在其命令行生成请求：", "Detenga la estación y genere la solicitud en su línea de comandos:";
        step_compare: "Take the file to those who keep the root. They compare this fingerprint of the key with the one of the request:", "Die Datei zu denen bringen, die die Stamm-CA verwahren. Sie vergleichen diesen Fingerabdruck des Schlüssels mit dem des Antrags:", "将文件交给根 CA 的保管人。他们将此密钥指纹与请求中的比对：", "Lleve el archivo a quienes guardan la raíz. Ellos comparan esta huella de la clave con la de la solicitud:";
        step_compare_how: "They see it with:", "Sie sehen ihn mit:", "可用以下命令查看：", "La ven con:";
        step_install: "Stop the station, install the certificate they sign, and start it again:", "Die Station anhalten, das Zertifikat einspielen, das sie signieren, und sie wieder starten:", "停止工站，安装他们签发的证书，然后再启动：", "Detenga la estación, instale el certificado que firmen y vuelva a arrancarla:";
        key_sha256: "Key, SHA-256", "Schlüssel, SHA-256", "密钥 SHA-256", "Clave, SHA-256";
        before: "CAs before", "Frühere CAs", "以前的 CA", "CA anteriores";
        before_means: "What these signed stays valid to its end; as long as a key is kept, its list is made. Whoever trusts such certificates needs them.", "Was diese signiert haben, gilt bis zu seinem Ende; solange ein Schlüssel aufbewahrt wird, wird seine Liste erstellt. Wer solchen Zertifikaten vertraut, braucht sie.", "它们签发的证书在到期前仍有效；只要密钥仍保留，就会生成其列表。信任此类证书者需要它们。", "Lo que firmaron vale hasta su fin; mientras se guarda una clave, se hace su lista. Quien confía en esos certificados las necesita.";
        key_kept: "kept, for its lists", "aufbewahrt, für ihre Listen", "保留，用于其列表", "guardada, para sus listas";
        key_erased: "erased: no list is made any more", "gelöscht: keine Liste wird mehr erstellt", "已删除：不再生成列表", "borrada: ya no se hacen listas";
        key_elsewhere: "unknown to the vault", "dem Tresor unbekannt", "保险库中没有", "desconocida para el almacén";
        key_may_go: "{name} has ended, and its private key is kept still. At the station's command line an administrator erases it: {command}", "{name} ist abgelaufen, und ihr privater Schlüssel wird noch aufbewahrt. An der Kommandozeile der Station löscht ihn ein Administrator: {command}", "{name} 已到期，其私钥仍被保留。管理员可在工站命令行将其删除：{command}", "{name} ha terminado y su clave privada aún se guarda. Un administrador la borra en la línea de comandos de la estación: {command}";
        files: "Files", "Dateien", "文件", "Archivos";
        certificate: "Certificate", "Zertifikat", "证书", "Certificado";
        none_yet: "There is no certificate yet.", "Es gibt noch kein Zertifikat.", "尚无证书。", "Todavía no hay certificado.";
        chain: "Download chain (PEM)", "Kette herunterladen (PEM)", "下载证书链 (PEM)", "Descargar cadena (PEM)";
        list: "Revocation list", "Sperrliste", "吊销列表", "Lista de revocación";
        number: "Number", "Nummer", "编号", "Número";
        made: "Made", "Erstellt", "生成时间", "Creada";
        next: "Next due", "Nächste fällig", "下次更新", "Próxima";
        entries: "Entries", "Einträge", "条目数", "Entradas";
        list_due: "{count} more were withdrawn since: issue a new list.", "Seither wurden {count} weitere zurückgezogen: neue Liste ausstellen.", "此后又撤回 {count} 个：请签发新列表。", "Desde entonces se retiraron {count} más: emita una lista nueva.";
        list_over: "This list is out of date: issue a new one.", "Diese Liste ist abgelaufen: neue ausstellen.", "此列表已过期：请签发新列表。", "Esta lista ha caducado: emita una nueva.";
        no_list: "There is no list yet.", "Es gibt noch keine Liste.", "尚无列表。", "Todavía no hay lista.";
        issue_now: "Issue now", "Jetzt ausstellen", "立即签发", "Emitir ahora";
        list_issued: "List {number} with {entries} entries is issued.", "Liste {number} mit {entries} Einträgen ist ausgestellt.", "编号 {number} 的列表已签发，含 {entries} 条。", "Se ha emitido la lista {number} con {entries} entradas.";
        prove: "Proof of possession for Azure", "Besitznachweis für Azure", "向 Azure 证明持有", "Prueba de posesión para Azure";
        prove_means: "Upload the issuing CA's certificate to Azure, have a verification code made there, and enter it here. The certificate that comes back is uploaded beside it. It lasts seven days and is good for nothing else.", "Das Zertifikat der ausstellenden CA bei Azure hochladen, dort einen Prüfcode erzeugen und hier eingeben. Das Zertifikat, das Sie erhalten, wird dort daneben hochgeladen. Es gilt sieben Tage und taugt zu nichts anderem.", "将签发 CA 的证书上传到 Azure，在那里生成验证码并在此输入。把得到的证书上传到其旁。它有效七天，别无他用。", "Suba a Azure el certificado de la CA emisora, genere allí un código de verificación e introdúzcalo aquí. El certificado que recibe se sube junto a él. Dura siete días y no sirve para nada más.";
        prove_root: "For the root, whose key the station never opens: bring root-key.age into the station's folder, run this at the command line, and carry the key off again.", "Für die Stamm-CA, deren Schlüssel die Station nie öffnet: root-key.age in den Ordner der Station bringen, dies an der Kommandozeile ausführen und den Schlüssel wieder forttragen.", "对于根 CA（工站从不打开其密钥）：将 root-key.age 放入工站文件夹，在命令行执行以下命令，然后再移走密钥。", "Para la raíz, cuya clave la estación nunca abre: traiga root-key.age a la carpeta de la estación, ejecute esto en la línea de comandos y vuelva a llevarse la clave.";
        verification_code: "Verification code", "Prüfcode", "验证码", "Código de verificación";
        code_form: "32 to 64 letters and digits, copied whole", "32 bis 64 Buchstaben und Ziffern, vollständig kopiert", "32 至 64 个字母和数字，完整复制", "de 32 a 64 letras y cifras, copiado entero";
        make_proof: "Make and download the certificate", "Zertifikat erzeugen und herunterladen", "生成并下载证书", "Crear y descargar el certificado";
        only_administrator: "An administrator does this.", "Das macht ein Administrator.", "由管理员执行。", "Lo hace un administrador.";
        locked: "The station is locked, so nothing can be signed. Unlock it first.", "Die Station ist gesperrt, es kann nichts signiert werden. Zuerst entsperren.", "工站已锁定，无法签名。请先解锁。", "La estación está bloqueada y no puede firmar nada. Desbloquéela antes.";
        unlock: "Unlock", "Entsperren", "解锁", "Desbloquear";
        ceremony: "Ceremony record", "Aufzeichnung der Zeremonie", "仪式记录", "Acta de la ceremonia";
        ceremony_means: "How this station and its CAs came into being, and every request, installation and renewal since, as the audit log has it.", "Wie diese Station und ihre CAs entstanden sind, und jeder Antrag, jede Einspielung und Erneuerung seither, laut Protokoll.", "根据审计日志，本工站及其 CA 的创建过程，以及此后的每次请求、安装和更新。", "Cómo nacieron esta estación y sus CA, y cada solicitud, instalación y renovación desde entonces, según la auditoría.";
        when: "When", "Wann", "时间", "Cuándo";
        who: "Who", "Wer", "人员", "Quién";
        what: "What", "Was", "内容", "Qué";
        details: "Details", "Einzelheiten", "详细信息", "Detalles";
        entry: "Entry", "Eintrag", "条目", "Entrada";
        now: "The certificates now", "Die Zertifikate heute", "当前的证书", "Los certificados hoy";
        agree: "as recorded", "wie aufgezeichnet", "与记录一致", "como consta";
        disagree: "NOT the one on record", "NICHT das aufgezeichnete", "与记录不符", "NO es el que consta";
        signature: "Name and signature of those present", "Name und Unterschrift der Anwesenden", "在场人员姓名与签字", "Nombre y firma de los presentes";
        print: "Print", "Drucken", "打印", "Imprimir";
        to_ca: "To the CA", "Zur CA", "返回 CA", "A la CA";
    }
}

impl CaWords {
    /// The command that proves possession of the root's key; the same in every language.
    pub fn prove_root_command(&self) -> &'static str {
        "lineside ca prove CODE --root"
    }

    /// The command that makes the request for a certificate.
    pub fn request_command(&self) -> &'static str {
        "lineside ca csr --out request.pem"
    }

    /// How the keepers of a root see the fingerprint of the request's key.
    pub fn compare_command(&self) -> &'static str {
        "openssl req -in request.pem -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum"
    }

    /// The command that erases the key of a past issuing CA.
    pub fn forget_command(&self, name: &str) -> String {
        format!("lineside ca forget {name}")
    }

    /// The command that takes the certificate.
    pub fn install_command(&self) -> &'static str {
        "lineside ca install issuing.pem --root root.pem"
    }
}

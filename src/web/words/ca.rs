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
        ceremony_means: "How this station and its CAs came into being, as the first entries of the audit log have it.", "Wie diese Station und ihre CAs entstanden sind, nach den ersten Einträgen des Protokolls.", "根据审计日志最初的条目，本工站及其 CA 的创建过程。", "Cómo nacieron esta estación y sus CA, según las primeras entradas de la auditoría.";
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
}

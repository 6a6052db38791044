//! The words of the pages before somebody is logged in.

words! {
    /// Log-in and unlocking.
    GateWords {
        log_in: "Log in", "Anmelden", "登录", "Iniciar sesión";
        name: "Name", "Name", "姓名", "Nombre";
        password: "Password or PIN", "Passwort oder PIN", "密码或 PIN", "Contraseña o PIN";
        scan_badge: "Scan your badge", "Ausweis scannen", "请扫描工牌", "Escanee su credencial";
        with_badge: "Log in with the badge", "Mit Ausweis anmelden", "用工牌登录", "Entrar con la credencial";
        or_name: "Or with your name", "Oder mit Ihrem Namen", "或使用姓名登录", "O con su nombre";
        was_idle: "{name} was away for a while. Scan a badge or log in to go on.", "{name} war eine Weile nicht da. Zum Weitermachen Ausweis scannen oder anmelden.", "{name} 已离开一段时间。请扫描工牌或登录后继续。", "{name} estuvo ausente un rato. Escanee una credencial o inicie sesión para continuar.";
        fetch: "Nothing runs until then. Call an administrator; the units may stay in their slots.", "Bis dahin läuft nichts. Rufen Sie einen Administrator; die Geräte können in ihren Plätzen bleiben.", "在此之前无法运行。请联系管理员；设备可留在工位上。", "Hasta entonces no funciona nada. Llame a un administrador; los equipos pueden quedarse en sus puestos.";
        is_locked: "{station} is locked", "{station} ist gesperrt", "{station} 已锁定", "{station} está bloqueada";
        locked_means: "Until somebody gives the passphrase of its vault, this station issues nothing and sends nothing.", "Bis jemand die Passphrase ihres Tresors eingibt, stellt diese Station nichts aus und sendet nichts.", "在有人输入保险库口令之前，本工站不签发也不发送任何内容。", "Hasta que alguien introduzca la frase de paso de su almacén, esta estación no emite ni envía nada.";
        is_waiting: "{station} waits for a certificate", "{station} wartet auf ein Zertifikat", "{station} 正在等待证书", "{station} espera un certificado";
        waiting_means: "The issuing CA of this station has no certificate yet, so the station issues nothing and sends nothing. The CA page says what to do.", "Die ausstellende CA dieser Station hat noch kein Zertifikat; daher stellt die Station nichts aus und sendet nichts. Die CA-Seite sagt, was zu tun ist.", "本工站的签发 CA 尚无证书，因此本工站不签发也不发送任何内容。CA 页面说明了应做什么。", "La CA emisora de esta estación aún no tiene certificado, así que la estación no emite ni envía nada. La página CA dice qué hacer.";
        to_ca: "To the CA page", "Zur CA-Seite", "前往 CA 页面", "A la página CA";
        passphrase: "Passphrase", "Passphrase", "口令", "Frase de paso";
        unlock: "Unlock", "Entsperren", "解锁", "Desbloquear";
        too_many: "Too many wrong passphrases: wait a minute.", "Zu viele falsche Passphrasen: bitte eine Minute warten.", "口令错误次数过多：请等待一分钟。", "Demasiadas frases de paso erróneas: espere un minuto.";
        wait: "Too many scans that could be badges. Wait a moment, then scan again.", "Zu viele Scans, die Ausweise sein könnten. Einen Moment warten, dann noch einmal scannen.", "可能是工牌的扫描过多。请稍候再扫描。", "Demasiados escaneos que podrían ser credenciales. Espere un momento y escanee de nuevo.";
        no_random: "The system gives no random numbers. Please try again.", "Das System gibt keine Zufallszahlen. Bitte noch einmal.", "系统未提供随机数，请重试。", "El sistema no da números aleatorios. Inténtelo de nuevo.";
    }
}

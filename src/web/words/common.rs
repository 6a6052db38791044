//! What stands around every page: navigation, log-out, notes.

words! {
    /// The frame's words.
    FrameWords {
        line: "Line", "Linie", "产线", "Línea";
        work_orders: "Work orders", "Aufträge", "工单", "Órdenes";
        devices: "Devices", "Geräte", "设备", "Dispositivos";
        batches: "Batches", "Stapel", "批次", "Lotes";
        labels: "Labels", "Etiketten", "标签", "Etiquetas";
        outbox: "Outbox", "Postausgang", "发件箱", "Bandeja de salida";
        reports: "Reports", "Berichte", "报表", "Informes";
        audit: "Audit", "Protokoll", "审计", "Auditoría";
        ca: "CA", "CA", "CA", "CA";
        people: "People", "Personen", "人员", "Personas";
        log_out: "Log out", "Abmelden", "退出登录", "Cerrar sesión";
        log_in: "Log in", "Anmelden", "登录", "Iniciar sesión";
        own_password: "Change my password", "Mein Passwort ändern", "修改我的密码", "Cambiar mi contraseña";
        navigation: "Pages", "Seiten", "页面", "Páginas";
        language: "Language", "Sprache", "语言", "Idioma";
        skip: "To the content", "Zum Inhalt", "跳到内容", "Ir al contenido";
        operator: "operator", "Bediener", "操作员", "operador";
        engineer: "engineer", "Ingenieur", "工程师", "ingeniero";
        administrator: "administrator", "Administrator", "管理员", "administrador";
        auditor: "auditor", "Prüfer", "审计员", "auditor";
        locked: "The station is locked: an administrator unlocks it.", "Die Station ist gesperrt: ein Administrator entsperrt sie.", "工站已锁定：由管理员解锁。", "La estación está bloqueada: un administrador la desbloquea.";
        waits: "This station waits for the certificate of its issuing CA and issues nothing until then: the CA page says what to do.", "Diese Station wartet auf das Zertifikat ihrer ausstellenden CA und stellt bis dahin nichts aus: die CA-Seite sagt, was zu tun ist.", "本工站正在等待其签发 CA 的证书，在此之前不签发任何内容：CA 页面说明了应做什么。", "Esta estación espera el certificado de su CA emisora y hasta entonces no emite nada: la página CA dice qué hacer.";
        trouble: "That did not work", "Das ging nicht", "操作未成功", "No se pudo hacer";
        back: "Back", "Zurück", "返回", "Volver";
        too_old: "The page was too old. Please try again.", "Die Seite war zu alt. Bitte noch einmal.", "页面已过期，请重试。", "La página era demasiado antigua. Inténtelo de nuevo.";
        busy: "The station is busy. Please try again.", "Die Station ist beschäftigt. Bitte noch einmal.", "工站正忙，请重试。", "La estación está ocupada. Inténtelo de nuevo.";
        not_found: "There is no such page.", "Diese Seite gibt es nicht.", "没有这个页面。", "Esa página no existe.";
        yes: "yes", "ja", "是", "sí";
        no: "no", "nein", "否", "no";
        older: "Older", "Ältere", "更早", "Anteriores";
        newest: "Newest", "Neueste", "最新", "Más recientes";
        printer_trouble: "Printer {name}: {what}", "Drucker {name}: {what}", "打印机 {name}：{what}", "Impresora {name}: {what}";
        token_trouble: "Nothing can be signed: the key of the issuing CA lies in a token that cannot be used now. {what}", "Es kann nichts signiert werden: der Schlüssel der ausstellenden CA liegt in einem Token, das gerade nicht nutzbar ist. {what}", "无法签名：签发 CA 的密钥位于当前不可用的令牌中。{what}", "No se puede firmar nada: la clave de la CA emisora está en un token que ahora no se puede usar. {what}";
        webhook_trouble: "Webhook {name} has been down since {since}. {what}", "Webhook {name} ist seit {since} gestört. {what}", "Webhook {name} 自 {since} 起中断。{what}", "El webhook {name} está caído desde {since}. {what}";
        reason: "Reason", "Grund", "原因", "Motivo";
    }
}

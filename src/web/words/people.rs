//! The words of the pages about people.

words! {
    /// The list of people, one person, one's own password, a badge.
    PeopleWords {
        people: "People", "Personen", "人员", "Personas";
        name: "Name", "Name", "姓名", "Nombre";
        role: "Role", "Rolle", "角色", "Función";
        badge: "Badge", "Ausweis", "工牌", "Credencial";
        state: "State", "Zustand", "状态", "Estado";
        since: "Since", "Seit", "起始时间", "Desde";
        active: "active", "aktiv", "启用", "activo";
        disabled: "disabled", "gesperrt", "已停用", "desactivado";
        on_the_line: "on the line", "an der Linie", "当班", "en la línea";
        to_clients: "Clients: other systems", "Clients: andere Systeme", "客户端：其他系统", "Clientes: otros sistemas";
        further: "Next names", "Weitere Namen", "后面的姓名", "Nombres siguientes";
        first: "From the beginning", "Von vorn", "从头开始", "Desde el principio";
        add: "Add a person", "Person hinzufügen", "添加人员", "Añadir una persona";
        add_hint: "Letters, digits, dots, dashes; a name is never used twice.", "Buchstaben, Ziffern, Punkte, Striche; ein Name wird nie zweimal vergeben.", "可用字母、数字、点和短横线；姓名不会重复使用。", "Letras, cifras, puntos y guiones; un nombre nunca se usa dos veces.";
        password: "Password", "Passwort", "密码", "Contraseña";
        again: "Password again", "Passwort noch einmal", "再次输入密码", "Repita la contraseña";
        password_hint: "At least 10 characters. An operator may have a PIN of at least 6 digits instead.", "Mindestens 10 Zeichen. Ein Bediener darf stattdessen eine PIN aus mindestens 6 Ziffern haben.", "至少 10 个字符。操作员也可以使用至少 6 位数字的 PIN。", "Al menos 10 caracteres. Un operador puede tener en su lugar un PIN de al menos 6 cifras.";
        not_same: "The two passwords differ. Type the same one twice.", "Die beiden Passwörter sind verschieden. Bitte zweimal dasselbe eingeben.", "两次输入的密码不一致，请输入相同的密码。", "Las dos contraseñas son distintas. Escriba dos veces la misma.";
        no_role: "Choose a role.", "Bitte eine Rolle wählen.", "请选择角色。", "Elija una función.";
        added: "{name} may log in from now on.", "{name} kann sich ab jetzt anmelden.", "{name} 现在可以登录。", "{name} ya puede iniciar sesión.";
        back: "To all people", "Zu allen Personen", "返回人员列表", "A todas las personas";
        own_password: "Change my password", "Mein Passwort ändern", "修改我的密码", "Cambiar mi contraseña";
        present: "Password until now", "Bisheriges Passwort", "当前密码", "Contraseña actual";
        new_password: "New password", "Neues Passwort", "新密码", "Contraseña nueva";
        new_again: "New password again", "Neues Passwort noch einmal", "再次输入新密码", "Repita la contraseña nueva";
        set_password: "Set a new password", "Neues Passwort setzen", "设置新密码", "Poner una contraseña nueva";
        own_changed: "Your password is changed. Wherever else you were logged in, you are logged out.", "Ihr Passwort ist geändert. Wo Sie sonst noch angemeldet waren, sind Sie abgemeldet.", "您的密码已修改。您在其他地方的登录均已退出。", "Su contraseña ha cambiado. Se ha cerrado su sesión en los demás lugares.";
        password_set: "{name} has a new password; their sessions are over.", "{name} hat ein neues Passwort; alle Anmeldungen sind beendet.", "{name} 已有新密码；其登录均已结束。", "{name} tiene una contraseña nueva; sus sesiones han terminado.";
        has_badge: "{name} has a badge.", "{name} hat einen Ausweis.", "{name} 已有工牌。", "{name} tiene una credencial.";
        has_none: "{name} has no badge.", "{name} hat keinen Ausweis.", "{name} 没有工牌。", "{name} no tiene credencial.";
        make_badge: "Make a badge", "Ausweis erstellen", "制作工牌", "Crear una credencial";
        make_hint: "The station makes a bar code to print. It is shown once; a badge given before opens nothing any more.", "Die Station erstellt einen Strichcode zum Ausdrucken. Er wird einmal gezeigt; ein früherer Ausweis gilt dann nicht mehr.", "工站生成可打印的条码，仅显示一次；之前的工牌随即失效。", "La estación crea un código de barras para imprimir. Se muestra una sola vez; la credencial anterior deja de servir.";
        enrol_badge: "Use a card they have", "Vorhandene Karte verwenden", "使用已有的卡", "Usar una tarjeta que ya tiene";
        scan_card: "Scan the card", "Karte scannen", "扫描卡片", "Escanee la tarjeta";
        enrol: "Use this card", "Diese Karte verwenden", "使用此卡", "Usar esta tarjeta";
        badge_given: "{name} has this card as a badge now.", "{name} hat jetzt diese Karte als Ausweis.", "{name} 现以此卡作为工牌。", "{name} tiene ahora esta tarjeta como credencial.";
        remove_badge: "Take the badge away", "Ausweis entziehen", "收回工牌", "Retirar la credencial";
        badge_removed: "The badge of {name} opens nothing any more.", "Der Ausweis von {name} gilt nicht mehr.", "{name} 的工牌已失效。", "La credencial de {name} ya no sirve.";
        badge_of: "Badge of {name}", "Ausweis von {name}", "{name} 的工牌", "Credencial de {name}";
        badge_once: "Print this badge now: it is not shown again. Whoever holds it can log in as {name}.", "Drucken Sie diesen Ausweis jetzt: er wird nicht wieder gezeigt. Wer ihn hat, kann sich als {name} anmelden.", "请立即打印此工牌：之后不再显示。持有者可以 {name} 的身份登录。", "Imprima ahora esta credencial: no se muestra otra vez. Quien la tenga puede entrar como {name}.";
        bar_code: "Bar code of the badge", "Strichcode des Ausweises", "工牌条码", "Código de barras de la credencial";
        print: "Print", "Drucken", "打印", "Imprimir";
        operators_only: "Badges are for operators.", "Ausweise sind für Bediener.", "工牌仅供操作员使用。", "Las credenciales son para operadores.";
        disable: "Disable", "Sperren", "停用", "Desactivar";
        disable_hint: "{name} can never log in again; the name stays in the records and is not used again.", "{name} kann sich nie wieder anmelden; der Name bleibt in den Aufzeichnungen und wird nicht wieder vergeben.", "{name} 将永远无法再登录；姓名保留在记录中，不再使用。", "{name} no podrá volver a entrar; el nombre queda en los registros y no se usa otra vez.";
        disable_sure: "Disable {name} for good?", "{name} endgültig sperren?", "确定永久停用 {name}？", "¿Desactivar a {name} para siempre?";
        was_disabled: "{name} is let in no longer.", "{name} wird nicht mehr eingelassen.", "{name} 不能再登录。", "{name} ya no puede entrar.";
        is_disabled: "{name} is disabled and cannot log in.", "{name} ist gesperrt und kann sich nicht anmelden.", "{name} 已停用，无法登录。", "{name} está desactivado y no puede entrar.";
    }
}

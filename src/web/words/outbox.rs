//! The words of the outbox's pages.

words! {
    /// The outbox and one operation in it.
    OutboxWords {
        all: "All", "Alle", "全部", "Todas";
        waiting: "waiting", "wartet", "等待中", "en espera";
        conflict: "conflict", "Konflikt", "冲突", "conflicto";
        parked: "parked", "geparkt", "已搁置", "aparcada";
        sent: "sent", "gesendet", "已发送", "enviada";
        cancelled: "cancelled", "aufgegeben", "已取消", "cancelada";
        states: "Operations by state", "Vorgänge nach Zustand", "按状态查看操作", "Operaciones por estado";
        figures: "What waits for the cloud", "Was auf die Cloud wartet", "等待发往云端的操作", "Lo que espera a la nube";
        oldest: "Waiting since", "Wartet seit", "最早等待时间", "En espera desde";
        next_try: "Next try", "Nächster Versuch", "下次尝试", "Próximo intento";
        at_once: "at once", "sofort", "立即", "de inmediato";
        last_error: "Last error", "Letzter Fehler", "最近的错误", "Último error";
        nothing: "none", "keiner", "无", "ninguno";
        send_now: "Send now", "Jetzt senden", "立即发送", "Enviar ahora";
        hastened: "Everything that waits is tried now ({count} brought forward).", "Alles, was wartet, wird jetzt versucht ({count} vorgezogen).", "正在尝试发送所有等待的操作（提前 {count} 项）。", "Se intenta enviar ahora todo lo que espera ({count} adelantadas).";
        release_all: "Send all of these again", "Alle diese noch einmal senden", "全部重新发送", "Volver a enviar todas estas";
        release_all_means: "Each goes back to waiting and is sent at once. What stood in its way should be mended first.", "Jeder Vorgang wartet wieder und wird sofort gesendet. Was im Weg stand, sollte vorher behoben sein.", "每项操作恢复为等待状态并立即发送。请先排除此前的障碍。", "Cada una vuelve a la espera y se envía de inmediato. Antes debería resolverse lo que la impedía.";
        released: "{count} operations wait to be sent again.", "{count} Vorgänge warten wieder aufs Senden.", "{count} 项操作已恢复等待发送。", "{count} operaciones vuelven a esperar su envío.";
        row: "Row", "Zeile", "行号", "Fila";
        registration_id: "Registration ID", "Registrierungs-ID", "注册 ID", "ID de registro";
        operation: "Operation", "Vorgang", "操作", "Operación";
        create: "make enrollment", "Registrierung anlegen", "创建注册", "crear inscripción";
        disable: "disable enrollment", "Registrierung sperren", "停用注册", "deshabilitar inscripción";
        state: "State", "Zustand", "状态", "Estado";
        run: "Run", "Lauf", "运行", "Ejecución";
        attempts: "Attempts", "Versuche", "尝试次数", "Intentos";
        queued: "Queued", "Eingereiht", "入队时间", "En cola desde";
        sent_at: "Sent", "Gesendet am", "发送时间", "Enviada el";
        held: "Waits for row {row}, which is not settled", "Wartet auf Zeile {row}, die noch offen ist", "等待尚未完成的第 {row} 行", "Espera a la fila {row}, aún sin resolver";
        empty: "Nothing here.", "Nichts vorhanden.", "这里没有内容。", "No hay nada aquí.";
        one: "Row {row} of the outbox", "Zeile {row} des Postausgangs", "发件箱第 {row} 行", "Fila {row} de la bandeja de salida";
        facts: "What is known", "Was bekannt ist", "已知信息", "Lo que se sabe";
        body: "What will be sent", "Was gesendet wird", "将要发送的内容", "Lo que se enviará";
        body_means: "Keys and certificates are added when it is sent; none are kept here.", "Schlüssel und Zertifikate kommen beim Senden hinzu; hier liegen keine.", "密钥和证书在发送时才加入，此处不保存。", "Las claves y los certificados se añaden al enviar; aquí no se guardan.";
        enrollment: "The enrollment", "Die Registrierung", "注册内容", "La inscripción";
        release: "Send again", "Noch einmal senden", "重新发送", "Volver a enviar";
        amend: "Change what is sent", "Ändern, was gesendet wird", "修改发送内容", "Cambiar lo que se envía";
        amend_means: "Where the device is sent and what its twin begins with. Registration ID, device ID and credential stay as they are on record.", "Wohin das Gerät geschickt wird und womit sein Zwilling beginnt. Registrierungs-ID, Geräte-ID und Zugangsdaten bleiben, wie sie in den Aufzeichnungen stehen.", "设备分配到哪里，以及其孪生的初始内容。注册 ID、设备 ID 和凭据保持记录中的原样。", "Adónde se envía el dispositivo y con qué empieza su gemelo. El ID de registro, el ID de dispositivo y la credencial quedan como constan.";
        allocation: "Allocation policy", "Zuteilung", "分配策略", "Política de asignación";
        hashed: "evenly over the hubs", "gleichmäßig auf die Hubs", "在各 Hub 间均匀分配", "por igual entre los hubs";
        geo_latency: "the hub with the lowest latency", "der Hub mit der kürzesten Laufzeit", "延迟最低的 Hub", "el hub con menor latencia";
        fixed: "the one hub named below", "der eine unten genannte Hub", "下方指定的唯一 Hub", "el único hub indicado abajo";
        hubs: "Hubs, one a line", "Hubs, einer je Zeile", "Hub，每行一个", "Hubs, uno por línea";
        tags: "Initial tags of the twin, JSON", "Anfängliche Tags des Zwillings, JSON", "孪生的初始标签（JSON）", "Etiquetas iniciales del gemelo, JSON";
        desired: "Initial desired properties, JSON", "Anfängliche Soll-Eigenschaften, JSON", "初始所需属性（JSON）", "Propiedades deseadas iniciales, JSON";
        save: "Save the change", "Änderung speichern", "保存修改", "Guardar el cambio";
        amended: "Row {row} was changed. It stays where it is until it is sent again.", "Zeile {row} ist geändert. Sie bleibt, wo sie ist, bis sie noch einmal gesendet wird.", "第 {row} 行已修改。重新发送前保持原状态。", "La fila {row} se ha cambiado. Queda donde está hasta que se vuelva a enviar.";
        cancel: "Never send it", "Nie senden", "永不发送", "No enviarla nunca";
        cancel_create_means: "The device keeps its credential, but Azure will not let it in with it: it passed here and cannot connect.", "Das Gerät behält seine Zugangsdaten, aber Azure lässt es damit nicht ein: hier hat es bestanden, verbinden kann es sich nicht.", "设备保留其凭据，但 Azure 不会接受：它在此处已通过，却无法连接。", "El dispositivo conserva su credencial, pero Azure no lo dejará entrar con ella: aquí ha pasado y no podrá conectarse.";
        cancel_block_means: "A withdrawn credential stays enabled at Azure, and whoever holds it is let in. Only an administrator may do this.", "Zurückgezogene Zugangsdaten bleiben bei Azure gültig, und wer sie hat, wird eingelassen. Das darf nur ein Administrator.", "已撤回的凭据在 Azure 仍然有效，持有者仍可接入。只有管理员可以这样做。", "Una credencial retirada sigue habilitada en Azure y quien la tenga podrá entrar. Solo puede hacerlo un administrador.";
        never_cancelled: "This operation is all that keeps a credential out which its group at Azure would let in. It cannot be cancelled; remove what keeps it from being sent.", "Nur dieser Vorgang hält Zugangsdaten draußen, die ihre Gruppe bei Azure einlassen würde. Er kann nicht aufgegeben werden; beheben Sie, was das Senden verhindert.", "只有此操作能阻止其 Azure 组本会接受的凭据。它不能取消；请排除阻碍发送的原因。", "Solo esta operación deja fuera una credencial que su grupo en Azure admitiría. No se puede cancelar; elimine lo que impide su envío.";
        was_cancelled: "Row {row} will not be sent.", "Zeile {row} wird nicht gesendet.", "第 {row} 行将不会发送。", "La fila {row} no se enviará.";
        look: "Look at Azure", "Bei Azure nachsehen", "查看 Azure", "Mirar en Azure";
        at_azure: "What Azure holds under this ID", "Was Azure unter dieser ID hat", "Azure 中此 ID 的内容", "Lo que Azure tiene con este ID";
        at_azure_means: "As Azure shows it now. Keys are left out.", "Wie Azure es jetzt zeigt. Schlüssel sind ausgelassen.", "Azure 当前显示的内容，不含密钥。", "Tal como lo muestra Azure ahora. Sin claves.";
        not_there: "Azure holds no individual enrollment under this ID.", "Azure hat unter dieser ID keine Einzelregistrierung.", "Azure 中没有此 ID 的单独注册。", "Azure no tiene ninguna inscripción individual con este ID.";
        to_list: "To the outbox", "Zum Postausgang", "返回发件箱", "A la bandeja de salida";
        waits_first: "Only an operation that is parked or in conflict can be changed: one that waits may be on its way.", "Nur ein geparkter oder strittiger Vorgang kann geändert werden: einer, der wartet, ist vielleicht schon unterwegs.", "只能修改已搁置或有冲突的操作：等待中的操作可能正在发送。", "Solo puede cambiarse una operación aparcada o en conflicto: una que espera puede estar ya en camino.";
    }
}

//! The words of the work orders' pages.

words! {
    /// Work orders.
    WorkOrderWords {
        title: "Work orders", "Aufträge", "工单", "Órdenes de trabajo";
        name: "Work order", "Auftrag", "工单", "Orden";
        product: "Product", "Produkt", "产品", "Producto";
        state: "State", "Stand", "状态", "Estado";
        made: "Made", "Fertig", "已完成", "Fabricado";
        made_of: "{made} of {ordered}", "{made} von {ordered}", "{made}（共 {ordered}）", "{made} de {ordered}";
        created: "Written down", "Angelegt", "创建时间", "Creada";
        released_by: "Released by", "Freigegeben von", "下达人", "Liberada por";
        planned: "planned", "geplant", "已计划", "planificada";
        active: "active", "aktiv", "生产中", "activa";
        paused: "paused", "pausiert", "已暂停", "en pausa";
        closed: "closed", "geschlossen", "已关闭", "cerrada";
        none: "There is no work order yet. An engineer writes the first one down.", "Noch gibt es keinen Auftrag. Ein Ingenieur legt den ersten an.", "还没有工单，请工程师创建第一张。", "Todavía no hay órdenes de trabajo. Un ingeniero crea la primera.";
        new: "New work order", "Neuer Auftrag", "新建工单", "Nueva orden de trabajo";
        new_name: "Name", "Name", "名称", "Nombre";
        name_hint: "Letters, digits, dots, dashes; a name is never used twice.", "Buchstaben, Ziffern, Punkte, Striche; jeder Name wird nur einmal vergeben.", "可用字母、数字、点和短横线；名称不可重复使用。", "Letras, cifras, puntos y guiones; un nombre no se usa dos veces.";
        quantity: "Quantity", "Stückzahl", "数量", "Cantidad";
        quantity_hint: "How many devices are to pass.", "Wie viele Geräte bestehen sollen.", "需要合格的设备数量。", "Cuántos dispositivos deben pasar.";
        spare: "Spare", "Reserve", "备用数量", "Reserva";
        spare_hint: "How many more identities retries and re-work may use.", "Wie viele Identitäten zusätzlich für Wiederholungen und Nacharbeit da sind.", "重试和返工可额外使用的身份数量。", "Cuántas identidades más pueden usar los reintentos y el retrabajo.";
        serials: "Allowed serial numbers", "Erlaubte Seriennummern", "允许的序列号", "Números de serie permitidos";
        serials_hint: "One a line. Left empty, any serial number may be made.", "Eine je Zeile. Bleibt das Feld leer, ist jede Seriennummer erlaubt.", "每行一个。留空则不限制序列号。", "Uno por línea. Si se deja vacío, vale cualquier número de serie.";
        any_serial: "any", "beliebig", "不限", "cualquiera";
        download: "Download the list", "Liste herunterladen", "下载清单", "Descargar la lista";
        ask_always: "First article: hold the line after the first PASS until somebody has looked at the device", "Erststück: die Linie nach dem ersten PASS anhalten, bis jemand das Gerät geprüft hat", "首件确认：首个 PASS 后停线，直到有人检查该设备", "Primera pieza: parar la línea tras el primer PASS hasta que alguien revise el dispositivo";
        write_down: "Write down", "Anlegen", "创建", "Crear";
        written_down: "{name} is written down. Activate it when the line is to make it.", "{name} ist angelegt. Aktivieren Sie den Auftrag, wenn die Linie ihn fertigen soll.", "{name} 已创建。准备投产时请启用。", "{name} está creada. Actívela cuando la línea deba fabricarla.";
        issued: "Identities issued", "Ausgestellte Identitäten", "已签发身份", "Identidades emitidas";
        issued_of: "{issued} of {quota}", "{issued} von {quota}", "{issued}（共 {quota}）", "{issued} de {quota}";
        spare_used: "Spare used", "Reserve verbraucht", "已用备用", "Reserva usada";
        unsent: "Not yet in the cloud", "Noch nicht in der Cloud", "尚未上传云端", "Aún no están en la nube";
        unfinished: "Runs without a verdict", "Läufe ohne Urteil", "未判定的运行", "Ejecuciones sin veredicto";
        not_passed: "What did not pass", "Was nicht bestanden hat", "未合格情况", "Lo que no pasó";
        all_passed: "No run of it has failed.", "Kein Lauf ist fehlgeschlagen.", "没有失败的运行。", "No ha fallado ninguna ejecución.";
        verdict: "Verdict", "Urteil", "判定", "Veredicto";
        step: "Step", "Schritt", "步骤", "Paso";
        code: "Code", "Code", "代码", "Código";
        count: "Runs", "Läufe", "次数", "Ejecuciones";
        devices: "Devices and runs", "Geräte und Läufe", "设备与运行记录", "Dispositivos y ejecuciones";
        report: "Report", "Bericht", "报表", "Informe";
        activate: "Activate", "Aktivieren", "启用", "Activar";
        activate_means: "The slots run it from now on, in your name. The order that is active now pauses.", "Die Plätze fertigen ihn ab jetzt, in Ihrem Namen. Der jetzt aktive Auftrag pausiert.", "各工位将以您的名义立即执行本工单，当前工单将暂停。", "Los puestos la ejecutan desde ahora, a su nombre. La orden activa queda en pausa.";
        changeover: "The line made {before} before: the first article will be asked for.", "Die Linie hat zuvor {before} gefertigt: das Erststück wird verlangt.", "产线之前生产 {before}：将要求首件确认。", "La línea fabricaba {before}: se pedirá la primera pieza.";
        activated: "{name} is active.", "{name} ist aktiv.", "{name} 已启用。", "{name} está activa.";
        activated_first: "{name} is active. After the first PASS the line waits until somebody has looked at the device.", "{name} ist aktiv. Nach dem ersten PASS wartet die Linie, bis jemand das Gerät geprüft hat.", "{name} 已启用。首个 PASS 后产线等待首件确认。", "{name} está activa. Tras el primer PASS la línea espera a que alguien revise el dispositivo.";
        pause: "Pause", "Pausieren", "暂停", "Pausar";
        paused_now: "{name} is paused; no unit starts.", "{name} pausiert; kein Gerät startet mehr.", "{name} 已暂停，不再开始新的设备。", "{name} está en pausa; no empieza ninguna unidad.";
        close: "Close for ever", "Endgültig schließen", "永久关闭", "Cerrar definitivamente";
        close_short: "Only {made} of {ordered} devices have passed.", "Erst {made} von {ordered} Geräten haben bestanden.", "仅有 {made} / {ordered} 台设备合格。", "Solo han pasado {made} de {ordered} dispositivos.";
        close_unsent: "The cloud does not have {count} operations of it yet.", "{count} Vorgänge davon hat die Cloud noch nicht.", "还有 {count} 项操作尚未送达云端。", "La nube aún no tiene {count} operaciones suyas.";
        close_unfinished: "{count} runs have no verdict.", "{count} Läufe haben kein Urteil.", "有 {count} 次运行尚未判定。", "{count} ejecuciones no tienen veredicto.";
        close_reason: "Why it is closed all the same; this stands in the records", "Warum er trotzdem geschlossen wird; das steht im Protokoll", "仍要关闭的原因（将记入审计日志）", "Por qué se cierra de todos modos; queda registrado";
        close_sure: "A closed work order is never opened again. Close it?", "Ein geschlossener Auftrag wird nie wieder geöffnet. Schließen?", "工单关闭后无法重新打开。确定关闭吗？", "Una orden cerrada no se vuelve a abrir. ¿Cerrarla?";
        closed_now: "{name} is closed.", "{name} ist geschlossen.", "{name} 已关闭。", "{name} está cerrada.";
        first_article: "First article", "Erststück", "首件", "Primera pieza";
        article_asked: "After the first PASS no new unit starts until somebody has looked at that device.", "Nach dem ersten PASS startet kein neues Gerät, bis jemand dieses Gerät geprüft hat.", "首个 PASS 后不再开始新的设备，直到有人检查该设备。", "Tras el primer PASS no empieza otra unidad hasta que alguien revise ese dispositivo.";
        article_waits: "{serial} has passed in run {run}. Look at the device; no new unit starts until then.", "{serial} hat in Lauf {run} bestanden. Prüfen Sie das Gerät; bis dahin startet kein neues.", "{serial} 在第 {run} 次运行中合格。请检查该设备，确认前不再开始新的设备。", "{serial} ha pasado en la ejecución {run}. Revise el dispositivo; hasta entonces no empieza otra unidad.";
        article_confirmed: "Confirmed by {by} (run {run}).", "Bestätigt von {by} (Lauf {run}).", "已由 {by} 确认（第 {run} 次运行）。", "Confirmada por {by} (ejecución {run}).";
        article_rejected: "Rejected by {by} (run {run}): {reason}", "Abgelehnt von {by} (Lauf {run}): {reason}", "已被 {by} 拒绝（第 {run} 次运行）：{reason}", "Rechazada por {by} (ejecución {run}): {reason}";
        confirm: "Confirm the first article", "Erststück bestätigen", "确认首件", "Confirmar la primera pieza";
        confirmed_now: "The first article is confirmed: the line goes on.", "Das Erststück ist bestätigt: die Linie läuft weiter.", "首件已确认，产线继续。", "La primera pieza está confirmada: la línea sigue.";
        reject: "Reject the first article", "Erststück ablehnen", "拒绝首件", "Rechazar la primera pieza";
        reject_reason: "What is wrong with it", "Was daran nicht stimmt", "存在的问题", "Qué tiene mal";
        rejected_now: "The first article is rejected: {name} is paused.", "Das Erststück ist abgelehnt: {name} pausiert.", "首件被拒绝：{name} 已暂停。", "La primera pieza está rechazada: {name} queda en pausa.";
    }
}

//! The words of the Labels page and of the preview.

words! {
    /// Printers, labels, the preview.
    LabelWords {
        title: "Labels", "Etiketten", "标签", "Etiquetas";
        printers: "Printers", "Drucker", "打印机", "Impresoras";
        printer: "Printer", "Drucker", "打印机", "Impresora";
        place: "Where", "Wohin", "位置", "Destino";
        paper: "Label", "Etikett", "标签纸", "Etiqueta";
        size: "{width} × {height} mm, {dpi} dpi", "{width} × {height} mm bei {dpi} dpi", "{width} × {height} 毫米，{dpi} dpi", "{width} × {height} mm, {dpi} ppp";
        state: "State", "Zustand", "状态", "Estado";
        works: "ready", "bereit", "就绪", "lista";
        trouble: "needs a look", "bitte nachsehen", "请检查", "hay que mirarla";
        to_print: "To print", "Zu drucken", "待打印", "Por imprimir";
        to_check: "To check", "Zu prüfen", "待确认", "Por revisar";
        no_printer: "This station has no printer yet. Add a [[printer]] to station.toml and name it in the recipe: [label] printer.", "Diese Station hat noch keinen Drucker. Einen [[printer]] in station.toml eintragen und im Rezept nennen: [label] printer.", "本工站尚未配置打印机。请在 station.toml 中添加 [[printer]]，并在配方的 [label] printer 中引用它。", "Esta estación aún no tiene impresora. Añada un [[printer]] a station.toml y nómbrelo en la receta: [label] printer.";
        again: "Print a label again", "Etikett noch einmal drucken", "重新打印标签", "Volver a imprimir una etiqueta";
        device: "Serial number, MAC or registration ID", "Seriennummer, MAC oder Registrierungs-ID", "序列号、MAC 或注册 ID", "Número de serie, MAC o ID de registro";
        reason: "Why", "Warum", "原因", "Por qué";
        reason_hint: "It stands in the records; each copy is counted.", "Das steht in den Aufzeichnungen; jede Kopie wird gezählt.", "原因会写入记录，每一份重印都会计数。", "Queda registrado; cada copia se cuenta.";
        print_again: "Print again", "Noch einmal drucken", "重新打印", "Imprimir de nuevo";
        reprinted: "Copy {copy} of run {run} goes to the printer.", "Kopie {copy} von Lauf {run} geht an den Drucker.", "运行 {run} 的第 {copy} 份标签已送往打印机。", "La copia {copy} de la ejecución {run} va a la impresora.";
        retried: "Label {label} goes to the printer again.", "Etikett {label} geht noch einmal an den Drucker.", "标签 {label} 已重新送往打印机。", "La etiqueta {label} vuelve a la impresora.";
        list: "Newest labels", "Neueste Etiketten", "最新标签", "Etiquetas más recientes";
        all: "All", "Alle", "全部", "Todas";
        open: "Not printed", "Nicht gedruckt", "未打印", "No impresas";
        none: "No label yet: a product prints one when its recipe has a [label] part.", "Noch kein Etikett: ein Produkt druckt eines, wenn sein Rezept einen Teil [label] hat.", "还没有标签：配方含有 [label] 部分的产品在通过时会打印标签。", "Todavía no hay etiquetas: un producto imprime una si su receta tiene una parte [label].";
        none_open: "Everything is printed.", "Alles ist gedruckt.", "全部已打印。", "Todo está impreso.";
        label: "Label", "Etikett", "标签", "Etiqueta";
        run: "Run", "Lauf", "运行", "Ejecución";
        serial: "Serial number", "Seriennummer", "序列号", "Número de serie";
        copy: "Copy", "Kopie", "份次", "Copia";
        person: "Person", "Person", "人员", "Persona";
        when: "When", "Wann", "时间", "Cuándo";
        action: "Action", "Aktion", "操作", "Acción";
        waiting: "waiting", "wartet", "等待中", "en espera";
        printed: "printed", "gedruckt", "已打印", "impresa";
        failed: "to check", "zu prüfen", "待确认", "por revisar";
        settled: "settled", "erledigt", "已了结", "resuelta";
        settle: "Settle it", "Erledigen", "了结", "Resolverla";
        settle_means: "It came out after all, or it is not needed: nothing more is printed for it.", "Es kam doch heraus oder wird nicht gebraucht: dafür wird nichts mehr gedruckt.", "标签其实已打出，或不再需要：不会再为其打印。", "Salió al final o no hace falta: no se imprime nada más para ella.";
        settled_now: "Label {label} is settled.", "Etikett {label} ist erledigt.", "标签 {label} 已了结。", "La etiqueta {label} queda resuelta.";
        retry: "Print it", "Drucken", "打印", "Imprimirla";
        show: "Show", "Zeigen", "查看", "Ver";
        preview: "Preview", "Vorschau", "预览", "Vista previa";
        of_run: "Label of run {run}", "Etikett von Lauf {run}", "运行 {run} 的标签", "Etiqueta de la ejecución {run}";
        of_product: "Label of {product}", "Etikett von {product}", "{product} 的标签", "Etiqueta de {product}";
        sample: "These are sample values. On a real label stands what the records say of the device.", "Das sind Beispielwerte. Auf einem echten Etikett steht, was die Aufzeichnungen über das Gerät sagen.", "此处为示例值。实际标签上印的是该设备的记录内容。", "Son valores de ejemplo. En una etiqueta real consta lo que dicen los registros del dispositivo.";
        not_shown: "Not shown in the preview:", "In der Vorschau nicht gezeigt:", "预览中未显示：", "No se muestra en la vista previa:";
        source: "ZPL as it is sent", "ZPL, wie es gesendet wird", "发送的 ZPL", "ZPL tal como se envía";
        copies: "Labels of this run", "Etiketten dieses Laufs", "本次运行的标签", "Etiquetas de esta ejecución";
        template: "Template", "Vorlage", "模板", "Plantilla";
    }
}

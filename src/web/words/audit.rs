//! The words of the audit log's pages.

words! {
    /// The log, one entry, the verification, the signed head.
    AuditWords {
        log: "The log", "Das Protokoll", "日志", "El registro";
        origin: "Name of the log", "Name des Protokolls", "日志名称", "Nombre del registro";
        entries: "Entries", "Einträge", "条目数", "Entradas";
        signed: "Newest checkpoint", "Neuester Kontrollpunkt", "最新检查点", "Punto de control más reciente";
        signed_over: "over {size} entries, {time}", "über {size} Einträge, {time}", "覆盖 {size} 条，{time}", "sobre {size} entradas, {time}";
        not_signed: "none yet", "noch keiner", "尚无", "todavía ninguno";
        checkpoint: "Download checkpoint", "Kontrollpunkt herunterladen", "下载检查点", "Descargar punto de control";
        vkey: "Download verifier key", "Prüfschlüssel herunterladen", "下载验证密钥", "Descargar clave de verificación";
        head: "Head to print", "Kopf zum Drucken", "可打印的树头", "Cabecera para imprimir";
        filter: "Search", "Suchen", "搜索", "Buscar";
        event: "Event", "Ereignis", "事件", "Suceso";
        any: "any", "beliebig", "任意", "cualquiera";
        actor: "Who", "Wer", "人员", "Quién";
        text: "Serial number, ID, run, any text", "Seriennummer, ID, Lauf, beliebiger Text", "序列号、ID、运行或任意文本", "Número de serie, ID, ejecución, cualquier texto";
        from: "From", "Von", "从", "Desde";
        until: "Until", "Bis", "至", "Hasta";
        clear: "Clear", "Zurücksetzen", "清除", "Limpiar";
        number: "Entry", "Eintrag", "条目", "Entrada";
        when: "When", "Wann", "时间", "Cuándo";
        details: "Details", "Einzelheiten", "详细信息", "Detalles";
        none_found: "Among {count} entries none matches.", "Unter {count} Einträgen passt keiner.", "在 {count} 条中没有匹配项。", "Entre {count} entradas no coincide ninguna.";
        looked_at: "{count} entries were looked at.", "{count} Einträge wurden durchgesehen.", "已查看 {count} 条。", "Se revisaron {count} entradas.";
        further: "Search further", "Weitersuchen", "继续搜索", "Seguir buscando";
        verification: "Verification", "Prüfung", "验证", "Verificación";
        verification_means: "Recomputes every entry, the tree above them and every row they vouch for.", "Rechnet jeden Eintrag, den Baum darüber und jede bezeugte Zeile nach.", "重新计算每个条目、其上的树以及它们所证明的每一行。", "Recalcula cada entrada, el árbol sobre ellas y cada fila que avalan.";
        never: "Not verified since the station was started.", "Seit dem Start der Station nicht geprüft.", "工站启动后尚未验证。", "Sin verificar desde que se inició la estación.";
        verify_now: "Verify now", "Jetzt prüfen", "立即验证", "Verificar ahora";
        stop: "Stop", "Anhalten", "停止", "Detener";
        running: "{by} verifies: {done} of {total} entries", "{by} prüft: {done} von {total} Einträgen", "{by} 正在验证：{done} / {total} 条", "{by} verifica: {done} de {total} entradas";
        comparing: "{by} verifies: all {total} entries, now the rows", "{by} prüft: alle {total} Einträge, nun die Zeilen", "{by} 正在验证：{total} 条已完成，正在核对各行", "{by} verifica: las {total} entradas, ahora las filas";
        progress: "Progress of the verification", "Fortschritt der Prüfung", "验证进度", "Progreso de la verificación";
        refresh: "Refresh", "Aktualisieren", "刷新", "Actualizar";
        stopped: "Stopped before its end.", "Vor dem Ende angehalten.", "在完成前已停止。", "Detenida antes de terminar.";
        sound: "Sound: {entries} entries and {rows} rows are what was written.", "Unversehrt: {entries} Einträge und {rows} Zeilen sind, was geschrieben wurde.", "完好：{entries} 条和 {rows} 行与写入时一致。", "Íntegro: {entries} entradas y {rows} filas son lo que se escribió.";
        not_sound: "NOT SOUND: {count} problems", "NICHT UNVERSEHRT: {count} Mängel", "不完好：{count} 个问题", "NO ÍNTEGRO: {count} problemas";
        in_entry: "entry {seq}", "Eintrag {seq}", "条目 {seq}", "entrada {seq}";
        more: "and {count} more", "und {count} weitere", "另有 {count} 个", "y {count} más";
        covered: "Covered up to entry {seq} by a checkpoint kept elsewhere; what came after is only as strong as the vault.", "Bis Eintrag {seq} durch einen anderswo verwahrten Kontrollpunkt gedeckt; was danach kam, ist nur so sicher wie der Tresor.", "截至条目 {seq} 由别处保存的检查点覆盖；之后的内容仅与保险库同样可靠。", "Cubierto hasta la entrada {seq} por un punto de control guardado en otro lugar; lo posterior solo es tan fuerte como el almacén.";
        not_covered: "Covered by no checkpoint kept elsewhere: the whole log is only as strong as the vault.", "Durch keinen anderswo verwahrten Kontrollpunkt gedeckt: das ganze Protokoll ist nur so sicher wie der Tresor.", "没有别处保存的检查点覆盖：整个日志仅与保险库同样可靠。", "Ningún punto de control guardado en otro lugar lo cubre: todo el registro solo es tan fuerte como el almacén.";
        by_at: "{by}, {time}", "{by}, {time}", "{by}，{time}", "{by}, {time}";
        bring: "Hold it against what was kept elsewhere", "Mit anderswo Verwahrtem vergleichen", "与别处保存的内容比对", "Compararlo con lo guardado en otro lugar";
        bring_checkpoint: "Checkpoint (signed note)", "Kontrollpunkt (signierte Notiz)", "检查点（签名说明）", "Punto de control (nota firmada)";
        bring_vkey: "Verifier key", "Prüfschlüssel", "验证密钥", "Clave de verificación";
        begun: "The verification has begun.", "Die Prüfung hat begonnen.", "验证已开始。", "La verificación ha comenzado.";
        was_stopped: "The verification was stopped.", "Die Prüfung wurde angehalten.", "验证已停止。", "La verificación se ha detenido.";
        one: "Entry {seq}", "Eintrag {seq}", "条目 {seq}", "Entrada {seq}";
        canonical: "As it was written (canonical JSON)", "Wie er geschrieben wurde (kanonisches JSON)", "写入时的内容（规范 JSON）", "Tal como se escribió (JSON canónico)";
        readable: "To read", "Zum Lesen", "便于阅读", "Para leer";
        leaf: "Leaf hash", "Blatt-Hash", "叶哈希", "Hash de hoja";
        inclusion: "Proof that it is in the log", "Nachweis, dass er im Protokoll steht", "包含证明", "Prueba de que está en el registro";
        included: "Included in the checkpoint over {size} entries; checked here with the station's verifier key.", "Im Kontrollpunkt über {size} Einträge enthalten; hier mit dem Prüfschlüssel der Station nachgerechnet.", "包含在覆盖 {size} 条的检查点中；已用工站验证密钥核对。", "Incluida en el punto de control sobre {size} entradas; comprobado aquí con la clave de verificación de la estación.";
        path: "Path to the root", "Weg zur Wurzel", "到根的路径", "Camino a la raíz";
        download_proof: "Download proof", "Nachweis herunterladen", "下载证明", "Descargar prueba";
        newer: "Next entry", "Nächster Eintrag", "下一条", "Entrada siguiente";
        earlier: "Previous entry", "Voriger Eintrag", "上一条", "Entrada anterior";
        to_log: "To the log", "Zum Protokoll", "返回日志", "Al registro";
        signed_head: "Signed head of the audit log", "Signierter Kopf des Protokolls", "审计日志的签名树头", "Cabecera firmada del registro de auditoría";
        head_means: "Hang this on paper where nobody at the station can change it. A log that was rewritten later does not fit it any more.", "Hängen Sie dies auf Papier dort auf, wo es niemand an der Station ändern kann. Ein später umgeschriebenes Protokoll passt nicht mehr dazu.", "请将其打印并保存在工站人员无法更改的地方。日后被改写的日志将与之不符。", "Cuélguelo en papel donde nadie de la estación pueda cambiarlo. Un registro reescrito después ya no encajará.";
        station: "Station", "Station", "工站", "Estación";
        size: "Size", "Umfang", "大小", "Tamaño";
        root: "Root", "Wurzel", "根", "Raíz";
        signed_at: "Signed", "Signiert am", "签名时间", "Firmada el";
        note: "Signed note", "Signierte Notiz", "签名说明", "Nota firmada";
        print: "Print", "Drucken", "打印", "Imprimir";
    }
}

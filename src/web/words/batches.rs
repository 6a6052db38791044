//! The words of the page of batches.

words! {
    /// What left the station as files or in bulk.
    BatchesWords {
        means: "What left this station in bulk, newest first, as the audit log has it.", "Was diese Station in größerer Menge verlassen hat, das Neueste zuerst, wie es im Protokoll steht.", "根据审计日志，从本工站批量输出的内容，最新的在前。", "Lo que ha salido de esta estación en bloque, lo más reciente primero, según la auditoría.";
        empty: "Nothing has left this station in bulk yet.", "Noch hat nichts diese Station in größerer Menge verlassen.", "本工站尚未批量输出任何内容。", "Todavía no ha salido nada en bloque de esta estación.";
        commands: "Batches are made at the command line:", "Stapel entstehen an der Kommandozeile:", "批处理通过命令行进行：", "Los lotes se hacen en la línea de comandos:";
        derive: "derives keys for many IDs at once", "leitet Schlüssel für viele IDs auf einmal ab", "一次为多个 ID 派生密钥", "deriva claves para muchos ID a la vez";
        export: "writes the audit log into a folder for other verifiers", "schreibt das Protokoll für andere Prüfprogramme in einen Ordner", "将审计日志写入文件夹，供其他验证程序使用", "escribe la auditoría en una carpeta para otros verificadores";
        when: "When", "Wann", "时间", "Cuándo";
        who: "Who", "Wer", "人员", "Quién";
        what: "What", "Was", "内容", "Qué";
        details: "Details", "Einzelheiten", "详细信息", "Detalles";
        entry: "Entry", "Eintrag", "条目", "Entrada";
        older: "Search older entries in the audit log", "Ältere Einträge im Protokoll suchen", "在审计日志中查找更早的条目", "Buscar entradas anteriores en la auditoría";
    }
}

impl BatchesWords {
    /// The commands there are, each with what it does. Commands are the same in every language.
    pub fn listed(&self) -> [(&'static str, &'static str); 2] {
        [("lineside key derive NAME ID…", self.derive), ("lineside audit export DIR", self.export)]
    }
}

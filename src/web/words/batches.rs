//! The words of the pages of batches.

use crate::domain::batch::{BatchKind, BatchState};

words! {
    /// Many identities in and out of files.
    BatchesWords {
        means: "Many identities at once: in from files, out into files.", "Viele Identitäten auf einmal: aus Dateien herein, in Dateien hinaus.", "批量处理身份：从文件导入，导出到文件。", "Muchas identidades a la vez: desde ficheros y hacia ficheros.";
        begin: "Begin a batch", "Einen Stapel beginnen", "开始批处理", "Empezar un lote";
        import: "Import", "Einlesen", "导入", "Importar";
        issue: "Issue certificates", "Zertifikate ausstellen", "签发证书", "Emitir certificados";
        derive: "Derive keys", "Schlüssel ableiten", "派生密钥", "Derivar claves";
        export: "Export", "Ausgeben", "导出", "Exportar";
        import_means: "Devices, work orders, endorsement keys or certificate requests; the first line of the table says which. Nothing is taken before you have seen what is in it.", "Geräte, Aufträge, Endorsement Keys oder Zertifikatsanträge; die erste Zeile der Tabelle sagt, was es ist. Nichts wird übernommen, bevor Sie gesehen haben, was darin steht.", "设备、工单、背书密钥或证书请求；由表格首行决定。在您查看内容之前不会导入任何数据。", "Dispositivos, órdenes, claves de aprobación o solicitudes de certificado; la primera línea de la tabla dice qué es. No se toma nada antes de que haya visto lo que contiene.";
        issue_means: "One certificate for each row, or two where the recipe says so. Keys that the station makes leave it sealed to the recipients you name; rows with certificate requests (csr, secondary_csr) need none.", "Ein Zertifikat für jede Zeile, oder zwei, wo das Rezept es sagt. Schlüssel, die die Station erzeugt, verlassen sie nur versiegelt für die genannten Empfänger; Zeilen mit Zertifikatsanträgen (csr, secondary_csr) brauchen keinen.", "每行签发一张证书，配方要求时签发两张。由工站生成的密钥仅以加密给指定接收者的形式输出；带证书请求（csr、secondary_csr）的行无需密钥。", "Un certificado por fila, o dos si la receta lo dice. Las claves que genera la estación salen selladas para los destinatarios indicados; las filas con solicitudes de certificado (csr, secondary_csr) no necesitan ninguna.";
        derive_means: "One derived key for each registration ID of the table.", "Ein abgeleiteter Schlüssel für jede Registrierungs-ID der Tabelle.", "为表格中的每个注册 ID 派生一个密钥。", "Una clave derivada para cada ID de registro de la tabla.";
        derive_warning: "The output holds the keys in clear: whoever has the file can be every one of these devices. Only engineers and administrators may take it along, and each time is on record.", "Die Ausgabe enthält die Schlüssel im Klartext: wer die Datei hat, kann sich als jedes dieser Geräte ausgeben. Nur Ingenieure und Administratoren dürfen sie mitnehmen, und jedes Mal steht im Protokoll.", "输出文件包含明文密钥：持有该文件者可以冒充其中任何一台设备。只有工程师和管理员可以下载，且每次下载都会记录。", "El resultado contiene las claves en claro: quien tenga el fichero puede hacerse pasar por cualquiera de estos dispositivos. Solo ingenieros y administradores pueden llevárselo, y cada vez queda registrado.";
        export_means: "Records of devices as a table or in the form another system reads. Private keys are never among them.", "Aufzeichnungen über Geräte als Tabelle oder in der Form, die ein anderes System liest. Private Schlüssel sind nie dabei.", "以表格或其他系统可读取的格式输出设备记录，其中绝不包含私钥。", "Registros de dispositivos como tabla o en la forma que lee otro sistema. Nunca incluyen claves privadas.";
        file: "Table", "Tabelle", "表格", "Tabla";
        file_hint: "CSV in UTF-8 with one line of column names, up to {mib} MiB. Choose a file or drop it here.", "CSV in UTF-8 mit einer Zeile Spaltennamen, bis {mib} MiB. Datei wählen oder hier fallen lassen.", "UTF-8 编码的 CSV，首行为列名，最大 {mib} MiB。选择文件或拖放到此处。", "CSV en UTF-8 con una línea de nombres de columna, hasta {mib} MiB. Elija un fichero o suéltelo aquí.";
        product: "Product", "Produkt", "产品", "Producto";
        product_hint: "Forms registration IDs and says which serial numbers are allowed.", "Bildet Registrierungs-IDs und sagt, welche Seriennummern erlaubt sind.", "用于生成注册 ID，并规定允许的序列号。", "Forma los ID de registro y dice qué números de serie se permiten.";
        no_product: "none: the IDs stand in the table", "keines: die IDs stehen in der Tabelle", "无：ID 已在表格中", "ninguno: los ID están en la tabla";
        group: "Group key", "Gruppenschlüssel", "组密钥", "Clave de grupo";
        no_groups: "The vault holds no group key yet: add one with {command}.", "Der Tresor enthält noch keinen Gruppenschlüssel: mit {command} hinzufügen.", "保险库中还没有组密钥：请使用 {command} 添加。", "La bóveda aún no contiene ninguna clave de grupo: añada una con {command}.";
        secondary: "From the secondary key", "Vom zweiten Schlüssel", "使用辅助密钥", "De la clave secundaria";
        work_order: "Work order", "Auftrag", "工单", "Orden";
        every_order: "all", "alle", "全部", "todas";
        no_order: "none: one of exact size is opened", "keiner: einer in genauer Größe wird angelegt", "无：自动创建恰好数量的工单", "ninguna: se abre una del tamaño exacto";
        recipients: "Recipients of the keys", "Empfänger der Schlüssel", "密钥接收者", "Destinatarios de las claves";
        recipients_hint: "age public keys, one a line. Leave it empty if the table has the devices' own requests.", "Öffentliche age-Schlüssel, einer je Zeile. Leer lassen, wenn die Tabelle die Anträge der Geräte enthält.", "age 公钥，每行一个。若表格包含设备自己的证书请求，请留空。", "Claves públicas de age, una por línea. Déjelo vacío si la tabla contiene las solicitudes de los propios dispositivos.";
        format: "Form", "Form", "格式", "Forma";
        from: "From", "Von", "从", "Desde";
        until: "Until", "Bis", "到", "Hasta";
        verdict: "Verdict", "Ergebnis", "判定", "Veredicto";
        every_verdict: "any", "jedes", "任意", "cualquiera";
        columns: "Columns", "Spalten", "列", "Columnas";
        columns_hint: "Names with commas between them; empty for the usual ones.", "Namen, durch Kommas getrennt; leer für die üblichen.", "列名以逗号分隔；留空则使用常用列。", "Nombres separados por comas; vacío para las habituales.";
        raw: "As it is, without protection against formulas in spreadsheets", "Unverändert, ohne Schutz vor Formeln in Tabellenprogrammen", "保持原样，不防护电子表格公式", "Tal cual, sin protección contra fórmulas de hojas de cálculo";
        announced: "Announced devices, whether they were made or not", "Angekündigte Geräte, ob gefertigt oder nicht", "已预告的设备，无论是否已生产", "Dispositivos anunciados, se hayan fabricado o no";
        upload: "Upload and look through", "Hochladen und durchsehen", "上传并检查", "Subir y revisar";
        uploading: "Uploading: {percent} %", "Wird hochgeladen: {percent} %", "正在上传：{percent} %", "Subiendo: {percent} %";
        upload_failed: "The upload broke off. Please try again.", "Das Hochladen brach ab. Bitte noch einmal.", "上传中断，请重试。", "La subida se interrumpió. Inténtelo de nuevo.";
        too_large: "The file is larger than {mib} MiB. Split it, or use the command line at the station.", "Die Datei ist größer als {mib} MiB. Teilen Sie sie, oder benutzen Sie die Kommandozeile an der Station.", "文件超过 {mib} MiB。请拆分文件，或在工站上使用命令行。", "El fichero supera los {mib} MiB. Divídalo o use la línea de comandos en la estación.";
        no_file: "No file was chosen.", "Es wurde keine Datei gewählt.", "未选择文件。", "No se eligió ningún fichero.";
        begin_export: "Export", "Ausgeben", "导出", "Exportar";
        open: "Under way, waiting, or just ended", "In Arbeit, wartend oder eben beendet", "进行中、等待中或刚刚结束", "En curso, en espera o recién terminados";
        looking: "Being looked through", "Wird durchgesehen", "正在检查", "En revisión";
        looked: "Waits for your decision", "Wartet auf Ihre Entscheidung", "等待您的决定", "Espera su decisión";
        unusable: "Cannot be used", "Nicht verwendbar", "无法使用", "No se puede usar";
        running: "Under way", "In Arbeit", "进行中", "En curso";
        done: "Done", "Fertig", "完成", "Terminado";
        failed: "Failed", "Gescheitert", "失败", "Fallido";
        cancelled: "Cancelled", "Abgebrochen", "已取消", "Cancelado";
        unfinished: "Not ended", "Nicht beendet", "未结束", "Sin terminar";
        preview: "What is in the file", "Was in der Datei steht", "文件内容", "Lo que contiene el fichero";
        nothing_yet: "Nothing has been done yet.", "Es ist noch nichts geschehen.", "尚未执行任何操作。", "Todavía no se ha hecho nada.";
        rows: "Rows", "Zeilen", "行数", "Filas";
        good: "Good", "Gut", "正常", "Buenas";
        unchanged: "Of those known already", "Davon schon bekannt", "其中已存在", "De ellas ya conocidas";
        refused: "Refused", "Abgelehnt", "拒绝", "Rechazadas";
        duplicates: "Of those duplicates", "Davon doppelt", "其中重复", "De ellas duplicadas";
        placeholders: "Of those placeholders", "Davon Platzhalter", "其中占位值", "De ellas valores de relleno";
        understood: "Columns that are understood", "Verstandene Spalten", "已识别的列", "Columnas que se entienden";
        kept: "Columns that are kept as they are", "Spalten, die unverändert bleiben", "原样保留的列", "Columnas que se conservan tal cual";
        no_columns: "none", "keine", "无", "ninguna";
        faults: "First faulty rows", "Die ersten fehlerhaften Zeilen", "前几个有误的行", "Primeras filas con fallos";
        line: "Line", "Zeile", "行号", "Línea";
        why: "Why", "Warum", "原因", "Por qué";
        code: "Code", "Code", "代码", "Código";
        do_it: "Do it", "Ausführen", "执行", "Hacerlo";
        take_good: "Take the good rows", "Die guten Zeilen nehmen", "仅处理正常的行", "Tomar las filas buenas";
        give_up: "Give it up", "Verwerfen", "放弃", "Descartar";
        nothing_good: "No row of this file can be taken. Mend the file and upload it again.", "Keine Zeile dieser Datei kann genommen werden. Datei verbessern und noch einmal hochladen.", "此文件中没有可处理的行。请修正文件后重新上传。", "No se puede tomar ninguna fila de este fichero. Corríjalo y súbalo de nuevo.";
        all_or_nothing: "As it is, nothing of this file would be taken: mend the faulty rows, or take the good ones.", "So würde nichts aus dieser Datei übernommen: die fehlerhaften Zeilen verbessern, oder die guten nehmen.", "按当前情况，此文件不会导入任何内容：请修正有误的行，或仅处理正常的行。", "Tal como está no se tomaría nada de este fichero: corrija las filas con fallos o tome las buenas.";
        progress: "Progress", "Fortschritt", "进度", "Progreso";
        so_far: "{good} good, {refused} refused so far", "bisher {good} gut, {refused} abgelehnt", "目前正常 {good} 行，拒绝 {refused} 行", "{good} buenas, {refused} rechazadas hasta ahora";
        rate: "{rate} rows a second", "{rate} Zeilen je Sekunde", "每秒 {rate} 行", "{rate} filas por segundo";
        rest: "{time} left", "noch {time}", "剩余 {time}", "faltan {time}";
        cancel: "Cancel", "Abbrechen", "取消", "Cancelar";
        cancelling: "It ends after the rows in hand.", "Es endet nach den Zeilen, die in Arbeit sind.", "处理完手头的行后将结束。", "Termina tras las filas en curso.";
        refresh: "Refresh", "Aktualisieren", "刷新", "Actualizar";
        result: "What it came to", "Was daraus wurde", "结果", "Resultado";
        not_taken: "Nothing of this file was taken. Mend the faulty rows in the result file and upload that.", "Aus dieser Datei wurde nichts übernommen. Die fehlerhaften Zeilen in der Ergebnisdatei verbessern und diese hochladen.", "未导入此文件的任何内容。请在结果文件中修正有误的行，然后上传该文件。", "No se tomó nada de este fichero. Corrija las filas con fallos en el fichero de resultados y súbalo.";
        mend: "The rows that were refused are in the result file with the reason. It can be mended and uploaded again.", "Die abgelehnten Zeilen stehen mit dem Grund in der Ergebnisdatei. Sie kann verbessert und wieder hochgeladen werden.", "被拒绝的行及其原因在结果文件中。可以修正后重新上传。", "Las filas rechazadas están en el fichero de resultados con el motivo. Se puede corregir y subir de nuevo.";
        given_up: "The file was given up.", "Die Datei wurde verworfen.", "文件已放弃。", "El fichero se descartó.";
        was_cancelled: "The batch was told to end.", "Der Stapel soll enden.", "已要求批处理结束。", "Se pidió que el lote termine.";
        record: "Batch {number}", "Stapel {number}", "批次 {number}", "Lote {number}";
        kind: "Kind", "Art", "类型", "Tipo";
        number: "No.", "Nr.", "编号", "N.º";
        input: "Input", "Eingabe", "输入", "Entrada";
        output: "Output", "Ausgabe", "输出", "Salida";
        state: "State", "Stand", "状态", "Estado";
        who: "Who", "Wer", "人员", "Quién";
        started: "Begun", "Begonnen", "开始", "Empezado";
        finished: "Ended", "Beendet", "结束", "Terminado a las";
        asked: "What was asked for", "Was verlangt wurde", "请求内容", "Lo que se pidió";
        input_digest: "SHA-256 of the input", "SHA-256 der Eingabe", "输入的 SHA-256", "SHA-256 de la entrada";
        output_digest: "SHA-256 of the output", "SHA-256 der Ausgabe", "输出的 SHA-256", "SHA-256 de la salida";
        on_record: "Its entries in the audit log", "Seine Einträge im Protokoll", "其审计日志条目", "Sus entradas en la auditoría";
        files: "Files", "Dateien", "文件", "Ficheros";
        no_files: "Nothing of it lies on the station: it wrote no file, was made at the command line, or its files were taken away.", "Auf der Station liegt nichts davon: er schrieb keine Datei, entstand an der Kommandozeile, oder seine Dateien wurden entfernt.", "工站上没有其文件：它未写入文件、由命令行执行，或文件已被删除。", "No hay nada de él en la estación: no escribió ningún fichero, se hizo en la línea de comandos o se retiraron sus ficheros.";
        bytes: "{count} bytes", "{count} Bytes", "{count} 字节", "{count} bytes";
        folder_of: "folder of {count}", "Ordner mit {count}", "含 {count} 项的文件夹", "carpeta con {count}";
        holds_keys: "This file holds keys in clear. Take it to where it is needed, then take the files off the station.", "Diese Datei enthält Schlüssel im Klartext. Bringen Sie sie dorthin, wo sie gebraucht wird, und entfernen Sie dann die Dateien von der Station.", "此文件包含明文密钥。请将其转移到需要的地方，然后从工站删除文件。", "Este fichero contiene claves en claro. Llévelo adonde se necesita y luego retire los ficheros de la estación.";
        take_away: "Take the files off the station", "Dateien von der Station entfernen", "从工站删除文件", "Retirar los ficheros de la estación";
        sure_take_away: "Take the files of this batch off the station? The records stay.", "Die Dateien dieses Stapels von der Station entfernen? Die Aufzeichnungen bleiben.", "确定从工站删除此批次的文件？记录将保留。", "¿Retirar de la estación los ficheros de este lote? Los registros se conservan.";
        taken_away: "The files of batch {number} were taken off the station.", "Die Dateien von Stapel {number} wurden von der Station entfernt.", "批次 {number} 的文件已从工站删除。", "Los ficheros del lote {number} se retiraron de la estación.";
        goes_on: "This batch has not ended. Either it is under way at the command line, or the station was stopped in its middle: then the same command goes on, or the file is handed in once more; nothing is done twice.", "Dieser Stapel ist nicht beendet. Entweder läuft er an der Kommandozeile, oder die Station wurde mittendrin angehalten: dann setzt derselbe Befehl ihn fort, oder die Datei wird noch einmal hochgeladen; nichts geschieht doppelt.", "此批次未结束。它可能正在命令行中进行，或工站在中途停止：此时请再次运行相同命令，或重新上传该文件；不会重复执行。", "Este lote no ha terminado. O está en curso en la línea de comandos, o la estación se detuvo a la mitad: entonces la misma orden lo continúa, o se sube el fichero otra vez; nada se hace dos veces.";
        cut_off: "This batch was cut off. What is on record is in its output; it goes on behind that, and nothing is done twice.", "Dieser Stapel wurde unterbrochen. Was aufgezeichnet ist, steht in seiner Ausgabe; er geht dahinter weiter, und nichts geschieht doppelt.", "此批次曾被中断。已记录的内容在其输出中；将从其后继续，不会重复执行。", "Este lote se interrumpió. Lo registrado está en su resultado; sigue a partir de ahí y nada se hace dos veces.";
        go_on: "Go on", "Fortsetzen", "继续", "Continuar";
        listed: "Batches on record", "Aufgezeichnete Stapel", "批次记录", "Lotes registrados";
        otherwise: "What left the station in other ways, in the audit log:", "Was die Station auf anderen Wegen verließ, im Protokoll:", "以其他方式离开工站的内容，见审计日志：", "Lo que salió de la estación por otras vías, en la auditoría:";
        empty: "There has been no batch yet.", "Es gab noch keinen Stapel.", "还没有批次。", "Todavía no ha habido ningún lote.";
    }
}

impl BatchesWords {
    /// What a kind of batch is called.
    pub fn kind_of(&self, kind: BatchKind) -> &'static str {
        match kind {
            BatchKind::Derive => self.derive,
            BatchKind::Export => self.export,
            BatchKind::Import => self.import,
            BatchKind::Issue => self.issue,
        }
    }

    /// What the state of a batch on record is called.
    pub fn state_of(&self, state: BatchState) -> &'static str {
        match state {
            BatchState::Running => self.unfinished,
            BatchState::Done => self.done,
            BatchState::Failed => self.failed,
            BatchState::Cancelled => self.cancelled,
        }
    }
}

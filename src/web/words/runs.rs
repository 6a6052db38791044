//! The words of runs, their steps and the entries of the log about them.

use crate::domain::stage::Stage;

words! {
    /// Runs.
    RunWords {
        run: "Run", "Lauf", "运行", "Ejecución";
        run_number: "Run {run}", "Lauf {run}", "运行 {run}", "Ejecución {run}";
        device: "Device", "Gerät", "设备", "Dispositivo";
        unknown_device: "ended before the device was known", "endete, bevor das Gerät bekannt war", "在识别设备前结束", "terminó antes de conocer el dispositivo";
        when: "When", "Wann", "时间", "Cuándo";
        started: "Began", "Begonnen", "开始", "Comenzó";
        ended: "Ended", "Geendet", "结束", "Terminó";
        slot: "Slot", "Platz", "工位", "Puesto";
        no_slot: "at the terminal", "am Terminal", "在终端", "en el terminal";
        person: "Person", "Person", "人员", "Persona";
        verdict: "Verdict", "Urteil", "判定", "Veredicto";
        no_verdict: "no verdict yet", "noch kein Urteil", "尚无判定", "aún sin veredicto";
        decide: "What becomes of this run is decided on its device's page.", "Was aus diesem Lauf wird, entscheidet sich auf der Seite seines Geräts.", "此运行的处理在其设备页面上决定。", "Qué pasa con esta ejecución se decide en la página de su dispositivo.";
        to_resume: "to be resumed", "wird fortgesetzt", "待继续", "por reanudar";
        what_happened: "What happened", "Was geschah", "发生了什么", "Qué pasó";
        reached: "Step reached", "Erreichter Schritt", "到达步骤", "Paso alcanzado";
        duration: "Duration", "Dauer", "用时", "Duración";
        proof: "Proof had", "Nachweis", "证明方式", "Prueba obtenida";
        no_proof: "none", "keiner", "无", "ninguna";
        sign_nonce: "the device signed with its key", "das Gerät hat mit seinem Schlüssel signiert", "设备用其密钥签名", "el dispositivo firmó con su clave";
        hmac_nonce: "the device computed an HMAC with its key", "das Gerät hat mit seinem Schlüssel einen HMAC gebildet", "设备用其密钥计算 HMAC", "el dispositivo calculó un HMAC con su clave";
        read_back: "files read back", "Dateien zurückgelesen", "已回读文件", "archivos releídos";
        handed_over: "none: the credential was handed over in a file", "keiner: in einer Datei übergeben", "无：凭据以文件形式交付", "ninguna: la credencial se entregó en un archivo";
        steps: "Steps", "Schritte", "步骤", "Pasos";
        step: "Step", "Schritt", "步骤", "Paso";
        after: "After", "Nach", "起始", "Tras";
        took: "Took", "Dauerte", "耗时", "Duró";
        share: "Share of the time", "Anteil an der Zeit", "时间占比", "Parte del tiempo";
        no_steps: "The times of its steps are not on record.", "Die Zeiten seiner Schritte sind nicht verzeichnet.", "没有各步骤的时间记录。", "Los tiempos de sus pasos no están registrados.";
        recipe: "Recipe", "Rezept", "配方", "Receta";
        recipe_text: "The recipe as it was followed", "Das Rezept, wie es befolgt wurde", "当时执行的配方", "La receta tal como se siguió";
        digest: "SHA-256 of the recipe", "SHA-256 des Rezepts", "配方的 SHA-256", "SHA-256 de la receta";
        no_recipe: "The recipe's text is not on record.", "Der Text des Rezepts ist nicht verzeichnet.", "没有配方文本记录。", "El texto de la receta no está registrado.";
        no_runs: "No run of this device is on record.", "Von diesem Gerät ist kein Lauf verzeichnet.", "没有此设备的运行记录。", "No hay ejecuciones registradas de este dispositivo.";
        label: "Label", "Etikett", "标签", "Etiqueta";
        label_of_run: "Label of run {run}", "Etikett von Lauf {run}", "运行 {run} 的标签", "Etiqueta de la ejecución {run}";
        labels_on_record: "{count} on record", "{count} verzeichnet", "已登记 {count} 份", "{count} en el registro";
        seconds: "{seconds} s", "{seconds} s", "{seconds} 秒", "{seconds} s";
        identify: "identify", "erkennen", "识别", "identificar";
        prepare: "prepare key", "Schlüssel vorbereiten", "准备密钥", "preparar clave";
        intended: "reserve", "reservieren", "登记", "reservar";
        issued: "issue", "ausstellen", "签发", "emitir";
        inject: "write", "schreiben", "写入", "escribir";
        reading_back: "read back", "zurücklesen", "回读", "releer";
        prove: "prove", "nachweisen", "证明", "probar";
        finished: "verdict", "Urteil", "判定", "veredicto";
    }
}

impl RunWords {
    /// The word for a step of a run.
    pub fn of_stage(&self, stage: Stage) -> &'static str {
        match stage {
            Stage::Identify => self.identify,
            Stage::Prepare => self.prepare,
            Stage::Intended => self.intended,
            Stage::Issued => self.issued,
            Stage::Inject => self.inject,
            Stage::ReadBack => self.reading_back,
            Stage::Prove => self.prove,
            Stage::Finished => self.finished,
        }
    }
}

words! {
    /// Entries of the audit log.
    EntryWords {
        number: "Entry", "Eintrag", "条目", "Entrada";
        who: "Who", "Wer", "谁", "Quién";
        what: "What", "Was", "内容", "Qué";
        in_the_log: "In the log", "Im Protokoll", "在日志中", "En el registro";
        station: "the station", "die Station", "工站", "la estación";
        slot_of: "{slot}, for {person}", "{slot}, für {person}", "{slot}，{person}", "{slot}, para {person}";
        client: "{client} (client)", "{client} (Client)", "{client}（客户端）", "{client} (cliente)";
        terminal: "{person} at the terminal", "{person} am Terminal", "{person}（终端）", "{person} en el terminal";
        under: "included in checkpoint of size {size}", "enthalten im Prüfpunkt der Größe {size}", "包含于大小为 {size} 的检查点", "incluida en el punto de control de tamaño {size}";
        not_yet: "the next checkpoint will cover it", "der nächste Prüfpunkt umfasst ihn", "将由下一个检查点覆盖", "la cubrirá el próximo punto de control";
        no_key: "no verifier key in the station's folder", "kein Prüfschlüssel im Ordner der Station", "工站文件夹中没有验证密钥", "no hay clave de verificación en la carpeta de la estación";
        as_written: "as written", "wie geschrieben", "原文", "tal como se escribió";
        none: "The log holds nothing about this.", "Das Protokoll enthält nichts dazu.", "日志中没有相关内容。", "El registro no contiene nada sobre esto.";
    }
}

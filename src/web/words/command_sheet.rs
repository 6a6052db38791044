//! The words of the printable command sheet.

words! {
    /// The command sheet.
    SheetWords {
        title: "Command sheet", "Befehlsblatt", "命令条码表", "Hoja de órdenes";
        how: "Choose a slot by its bar code, then scan a command or the label of a unit.", "Platz mit seinem Barcode wählen, dann einen Befehl oder das Etikett eines Geräts scannen.", "先扫描工位条码选择工位，再扫描命令或设备标签。", "Elija un puesto con su código de barras y escanee una orden o la etiqueta de una unidad.";
        print: "Print", "Drucken", "打印", "Imprimir";
        commands: "Commands", "Befehle", "命令", "Órdenes";
        slots: "Slots", "Plätze", "工位", "Puestos";
        start: "START", "START", "启动", "INICIO";
        start_means: "Runs the unit that is in the slot.", "Lässt das Gerät auf dem Platz laufen.", "运行工位上的设备。", "Pone en marcha la unidad del puesto.";
        retry: "RETRY", "NOCH EINMAL", "重试", "REPETIR";
        retry_means: "Runs the same unit again after a failure, without unplugging it.", "Lässt dasselbe Gerät nach einem Fehler noch einmal laufen, ohne es auszustecken.", "失败后不拔出设备，重新运行。", "Repite con la misma unidad tras un fallo, sin desconectarla.";
        reprint: "PRINT LABEL", "ETIKETT DRUCKEN", "打印标签", "IMPRIMIR ETIQUETA";
        reprint_means: "Prints the label of a unit that passed once more. Every copy is counted.", "Druckt das Etikett eines guten Geräts noch einmal. Jede Kopie wird gezählt.", "再次打印合格设备的标签。每份都会计数。", "Imprime otra vez la etiqueta de una unidad apta. Cada copia se cuenta.";
        confirm: "CONFIRM", "BESTÄTIGEN", "确认", "CONFIRMAR";
        confirm_means: "Confirms the first article of a work order after it was checked.", "Bestätigt das Erststück eines Auftrags, nachdem es geprüft wurde.", "检查后确认工单的首件。", "Confirma la primera pieza de una orden después de revisarla.";
        call: "CALL ENGINEER", "INGENIEUR RUFEN", "呼叫工程师", "LLAMAR AL INGENIERO";
        call_means: "Calls an engineer to the chosen slot; scanned again, ends the call.", "Ruft einen Ingenieur zum gewählten Platz; noch einmal gescannt, beendet es den Ruf.", "呼叫工程师到所选工位；再次扫描则结束呼叫。", "Llama a un ingeniero al puesto elegido; escaneado otra vez, termina la llamada.";
        scrap: "SCRAP", "AUSSCHUSS", "报废", "DESECHO";
        scrap_means: "Marks a unit that did not pass to be destroyed. Must be scanned twice.", "Gibt ein Gerät, das nicht gut ist, zum Verschrotten frei. Muss zweimal gescannt werden.", "将不合格设备标记为报废。需扫描两次。", "Marca para destruir una unidad que no es apta. Debe escanearse dos veces.";
        log_out: "LOG OUT", "ABMELDEN", "退出登录", "CERRAR SESIÓN";
        log_out_means: "Ends the session of whoever is logged in.", "Meldet ab, wer angemeldet ist.", "结束当前登录。", "Cierra la sesión de quien esté conectado.";
        bar_code: "Bar code {text}", "Barcode {text}", "条码 {text}", "Código de barras {text}";
    }
}

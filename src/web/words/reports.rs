//! The words of the reports.

words! {
    /// Reports.
    ReportWords {
        title: "Reports", "Berichte", "报表", "Informes";
        shifts: "Shifts", "Schichten", "班次", "Turnos";
        day: "Day", "Tag", "日期", "Día";
        show_day: "Show this day", "Diesen Tag zeigen", "显示当天", "Mostrar este día";
        whole_day: "whole day", "ganzer Tag", "全天", "día completo";
        now: "now", "jetzt", "当前", "ahora";
        from_to: "{from} to {to}", "{from} bis {to}", "{from} 至 {to}", "{from} a {to}";
        span: "Any time span", "Beliebiger Zeitraum", "任意时间段", "Cualquier periodo";
        from: "From", "Von", "从", "Desde";
        to: "To", "Bis", "到", "Hasta";
        show: "Show the report", "Bericht zeigen", "显示报表", "Mostrar el informe";
        orders: "Work orders", "Aufträge", "工单", "Órdenes de trabajo";
        no_orders: "There is no work order yet.", "Noch gibt es keinen Auftrag.", "还没有工单。", "Todavía no hay órdenes de trabajo.";
        all_orders: "All work orders", "Alle Aufträge", "所有工单", "Todas las órdenes";
        report_of_span: "Report {from} to {to}", "Bericht {from} bis {to}", "报表 {from} 至 {to}", "Informe {from} a {to}";
        report_of_shift: "Shift report: {shift}", "Schichtbericht: {shift}", "班次报表：{shift}", "Informe de turno: {shift}";
        report_of_order: "Report of work order {order}", "Bericht zum Auftrag {order}", "工单 {order} 报表", "Informe de la orden {order}";
        still_running: "This shift is not over: the figures go up to now.", "Diese Schicht läuft noch: die Zahlen reichen bis jetzt.", "本班次尚未结束：数据截至现在。", "Este turno no ha terminado: las cifras llegan hasta ahora.";
        print: "Print", "Drucken", "打印", "Imprimir";
        csv_figures: "Figures as CSV", "Zahlen als CSV", "数据 CSV", "Cifras en CSV";
        csv_runs: "Runs as CSV", "Läufe als CSV", "运行记录 CSV", "Ejecuciones en CSV";
        nothing: "No run ended in this time.", "In dieser Zeit endete kein Lauf.", "该时间段内没有结束的运行。", "En este periodo no terminó ninguna ejecución.";
        figures: "Figures", "Kennzahlen", "关键数据", "Cifras";
        yield_rate: "Yield", "Ausbeute", "合格率", "Rendimiento";
        first_pass: "First-pass yield", "Ausbeute im ersten Anlauf", "一次合格率", "Rendimiento a la primera";
        tried: "Units tried", "Geräte versucht", "投入设备", "Unidades probadas";
        passed: "Units passed", "Geräte bestanden", "合格设备", "Unidades que pasaron";
        passed_first: "Passed at the first try", "Im ersten Anlauf bestanden", "一次合格", "Pasaron a la primera";
        withdrawn: "Withdrawn since", "Seither zurückgezogen", "事后撤回", "Retiradas después";
        standing_counts: "Units whose identity was withdrawn since do not count as passed here.", "Geräte, deren Identität seither zurückgezogen wurde, zählen hier nicht als bestanden.", "事后被撤回身份的设备在此不计为合格。", "Las unidades cuya identidad se retiró después no cuentan aquí como aprobadas.";
        happened_counts: "Units whose identity was withdrawn since count as passed here, for they passed in this time.", "Geräte, deren Identität seither zurückgezogen wurde, zählen hier als bestanden, denn sie haben in dieser Zeit bestanden.", "事后被撤回身份的设备在此仍计为合格，因其在该时段内合格。", "Las unidades cuya identidad se retiró después cuentan aquí como aprobadas, pues pasaron en este periodo.";
        per_hour: "Units per hour", "Geräte je Stunde", "每小时产量", "Unidades por hora";
        runs: "Runs", "Läufe", "运行次数", "Ejecuciones";
        how_counted: "A unit is a device, or a unit that never said who it is. Units that are not ours (SKIPPED) do not count.", "Gezählt wird jedes Gerät; ein Gerät, das sich nie gemeldet hat, zählt jedes Mal. Fremde Geräte (SKIPPED) zählen nicht.", "每台设备计一次；始终未报出身份的设备每次都计。非本产线的设备（SKIPPED）不计。", "Cada dispositivo cuenta una vez; uno que nunca dijo quién es cuenta cada vez. Los ajenos (SKIPPED) no cuentan.";
        by_verdict: "Runs by verdict", "Läufe nach Urteil", "按判定统计", "Ejecuciones por veredicto";
        verdict: "Verdict", "Urteil", "判定", "Veredicto";
        by_step: "Failures by step", "Fehler nach Schritt", "按步骤统计失败", "Fallos por paso";
        by_code: "Failures by code", "Fehler nach Code", "按代码统计失败", "Fallos por código";
        step: "Step", "Schritt", "步骤", "Paso";
        code: "Code", "Code", "代码", "Código";
        count: "Count", "Anzahl", "数量", "Cantidad";
        share: "Added up", "Aufaddiert", "累计", "Acumulado";
        no_code: "decided by a person", "von einer Person entschieden", "由人员判定", "decidido por una persona";
        pareto_says: "{title}: bars by how often, with a line that adds them up. Most often: {top}.", "{title}: Balken nach Häufigkeit, darüber die aufaddierte Linie. Am häufigsten: {top}.", "{title}：按次数排列的柱形及累计曲线。最多：{top}。", "{title}: barras por frecuencia con la línea acumulada. Lo más frecuente: {top}.";
        no_failures: "No failures.", "Keine Fehler.", "没有失败。", "Sin fallos.";
        cycle: "Cycle time by slot", "Zykluszeit je Platz", "各工位节拍时间", "Tiempo de ciclo por puesto";
        command_line: "command line", "Kommandozeile", "命令行", "línea de órdenes";
        cycle_summary: "passed: {count}; shortest {shortest} s, mean {mean} s, longest {longest} s", "bestanden: {count}; kürzester {shortest} s, Mittel {mean} s, längster {longest} s", "合格 {count} 次；最短 {shortest} 秒，平均 {mean} 秒，最长 {longest} 秒", "pasaron: {count}; mínima {shortest} s, media {mean} s, máxima {longest} s";
        seconds: "Seconds", "Sekunden", "秒", "Segundos";
        by_time: "Units passed by time", "Bestandene Geräte im Zeitverlauf", "合格设备按时间分布", "Unidades que pasaron en el tiempo";
        begins: "From", "Ab", "起始", "Desde";
        plot_says: "{title}: {bars} bars, the highest {most}.", "{title}: {bars} Balken, der höchste {most}.", "{title}：{bars} 个柱形，最高 {most}。", "{title}: {bars} barras, la más alta {most}.";
        table: "Numbers", "Zahlen", "数值表", "Números";
        people: "People on the line", "Personen an der Linie", "产线人员", "Personas en la línea";
        person: "Person", "Person", "人员", "Persona";
        not_passed: "Runs that did not pass", "Läufe, die nicht bestanden haben", "未合格的运行", "Ejecuciones que no pasaron";
        not_passed_most: "The newest {most}; all of them are in the CSV file.", "Die neuesten {most}; alle stehen in der CSV-Datei.", "仅显示最近 {most} 条，全部记录见 CSV 文件。", "Las {most} más recientes; todas están en el archivo CSV.";
        run: "Run", "Lauf", "运行", "Ejecución";
        ended: "Ended", "Ende", "结束", "Fin";
        slot: "Slot", "Platz", "工位", "Puesto";
        serial: "Serial number", "Seriennummer", "序列号", "Número de serie";
        message: "What happened", "Was geschah", "情况", "Qué ocurrió";
        head: "Signed head of the audit log", "Signierter Kopf des Protokolls", "审计日志的签名头", "Cabecera firmada del registro de auditoría";
        head_means: "Kept with this page, it proves later that the log was not changed: compare it with `lineside audit verify --checkpoint`.", "Mit dieser Seite aufbewahrt, beweist er später, dass das Protokoll nicht verändert wurde: vergleichen mit `lineside audit verify --checkpoint`.", "与本页一同保存，日后可证明日志未被改动：用 `lineside audit verify --checkpoint` 比对。", "Guardada con esta página, prueba más tarde que el registro no se cambió: compárela con `lineside audit verify --checkpoint`.";
        head_none: "The log has no signed head yet; the station signs one every minute while it is unlocked.", "Das Protokoll hat noch keinen signierten Kopf; die entsperrte Station signiert jede Minute einen.", "日志尚无签名头；工站解锁时每分钟签名一次。", "El registro aún no tiene cabecera firmada; la estación desbloqueada firma una cada minuto.";
        origin: "Log", "Protokoll", "日志", "Registro";
        size: "Entries", "Einträge", "条目数", "Entradas";
        root: "Root hash", "Wurzel-Hash", "根哈希", "Hash raíz";
        signature: "Signature", "Signatur", "签名", "Firma";
        signed_at: "Signed", "Signiert", "签名时间", "Firmada";
        made_at: "Report made {at} ({zone}) by {person}", "Bericht erstellt {at} ({zone}) von {person}", "报表生成于 {at}（{zone}），生成人 {person}", "Informe hecho el {at} ({zone}) por {person}";
    }
}

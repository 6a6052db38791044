//! The words of the list of devices and of one device's page.

words! {
    /// Search and list.
    DevicesWords {
        search: "Search", "Suchen", "搜索", "Buscar";
        search_hint: "Serial number or its beginning, MAC address, registration or device ID, certificate serial number, SHA-1 or SHA-256 thumbprint", "Seriennummer oder ihr Anfang, MAC-Adresse, Registrierungs- oder Geräte-ID, Seriennummer oder Fingerabdruck (SHA-1, SHA-256) des Zertifikats", "序列号或其开头、MAC 地址、注册 ID 或设备 ID、证书序列号、SHA-1 或 SHA-256 指纹", "Número de serie o su comienzo, dirección MAC, ID de registro o de dispositivo, número de serie o huella (SHA-1, SHA-256) del certificado";
        show: "Show", "Anzeigen", "显示", "Mostrar";
        state: "State", "Zustand", "状态", "Estado";
        any_state: "any state", "jeder Zustand", "任意状态", "cualquier estado";
        work_order: "Work order", "Auftrag", "工单", "Orden";
        any_order: "any work order", "jeder Auftrag", "任意工单", "cualquier orden";
        serial: "Serial number", "Seriennummer", "序列号", "Número de serie";
        mac: "MAC address", "MAC-Adresse", "MAC 地址", "Dirección MAC";
        registration_id: "Registration ID", "Registrierungs-ID", "注册 ID", "ID de registro";
        device_id: "Device ID", "Geräte-ID", "设备 ID", "ID de dispositivo";
        last_run: "Last run", "Letzter Lauf", "最近一次运行", "Última ejecución";
        found: "Devices found", "Gefundene Geräte", "找到的设备", "Dispositivos encontrados";
        exactly: "This device has exactly that", "Genau dieses Gerät", "完全匹配的设备", "Coincide exactamente";
        none_found: "No device fits. Check the spelling, or search for the beginning of the serial number.", "Kein Gerät passt. Schreibweise prüfen oder nach dem Anfang der Seriennummer suchen.", "没有符合的设备。请检查拼写，或按序列号开头搜索。", "Ningún dispositivo coincide. Revise la escritura o busque por el comienzo del número de serie.";
        none_yet: "No device is on record yet.", "Noch ist kein Gerät verzeichnet.", "尚无设备记录。", "Todavía no hay dispositivos registrados.";
        looked_at: "Only some of the devices were looked at so far: go on with Further.", "Bisher wurde erst ein Teil der Geräte durchgesehen: weiter mit „Weiter“.", "目前只查看了部分设备：请点“后续”继续。", "Hasta ahora solo se revisó una parte de los dispositivos: continúe con «Siguientes».";
        further: "Further", "Weiter", "后续", "Siguientes";
        catalogued: "Records of an older version are still being catalogued: for a few minutes a search by thumbprint and the list of audit entries may miss some.", "Datensätze einer älteren Version werden noch erfasst: einige Minuten lang können die Suche nach Fingerabdruck und die Protokolleinträge unvollständig sein.", "旧版本的记录仍在编目：几分钟内，按指纹搜索和审计条目列表可能不完整。", "Aún se están catalogando registros de una versión anterior: durante unos minutos la búsqueda por huella y las entradas de auditoría pueden estar incompletas.";
        new: "new", "neu", "新", "nuevo";
        provisioned: "provisioned", "provisioniert", "已配置", "aprovisionado";
        quarantined: "quarantined", "in Quarantäne", "已隔离", "en cuarentena";
        scrapped: "scrapped", "verschrottet", "已报废", "desechado";
        released: "may be run again", "darf neu laufen", "可重新运行", "puede repetirse";
    }
}

words! {
    /// One device.
    DeviceWords {
        device: "Device", "Gerät", "设备", "Dispositivo";
        all_devices: "All devices", "Alle Geräte", "所有设备", "Todos los dispositivos";
        identity: "Identity", "Identität", "身份", "Identidad";
        product: "Product", "Produkt", "产品", "Producto";
        first_seen: "First reserved", "Zuerst reserviert", "首次登记", "Reservado por primera vez";
        credential: "Credential", "Zugangsdaten", "凭据", "Credencial";
        public_keys: "Public keys on record (SHA-256)", "Verzeichnete öffentliche Schlüssel (SHA-256)", "登记的公钥 (SHA-256)", "Claves públicas registradas (SHA-256)";
        group_key: "key derived from group key {name}", "Schlüssel abgeleitet vom Gruppenschlüssel {name}", "由组密钥 {name} 派生的密钥", "clave derivada de la clave de grupo {name}";
        key_on_device: "X.509, key made on the device", "X.509, Schlüssel im Gerät erzeugt", "X.509，密钥在设备上生成", "X.509, clave generada en el dispositivo";
        key_by_station: "X.509, key made by the station", "X.509, Schlüssel von der Station erzeugt", "X.509，密钥由工站生成", "X.509, clave generada por la estación";
        nothing: "none", "keine", "无", "ninguna";
        runs: "Runs", "Läufe", "运行记录", "Ejecuciones";
        certificates: "Certificates", "Zertifikate", "证书", "Certificados";
        secondary: "secondary", "sekundär", "备用", "secundario";
        subject: "Subject", "Inhaber", "主体", "Sujeto";
        issuer: "Issuer", "Aussteller", "颁发者", "Emisor";
        valid: "Valid", "Gültig", "有效期", "Válido";
        for_ever: "from {from}, without end", "ab {from}, ohne Ende", "自 {from} 起，永久", "desde {from}, sin fin";
        from_to: "{from} to {to}", "{from} bis {to}", "{from} 至 {to}", "de {from} a {to}";
        key: "Key", "Schlüssel", "密钥", "Clave";
        key_usage: "Key usage", "Schlüsselverwendung", "密钥用法", "Uso de la clave";
        alternative_names: "Alternative names", "Alternative Namen", "备用名称", "Nombres alternativos";
        sha1: "SHA-1 thumbprint", "Fingerabdruck SHA-1", "SHA-1 指纹", "Huella SHA-1";
        sha256: "SHA-256 thumbprint", "Fingerabdruck SHA-256", "SHA-256 指纹", "Huella SHA-256";
        withdrawn: "Withdrawn", "Zurückgezogen", "撤回", "Retirado";
        successor: "Successor", "Nachfolger", "后继证书", "Sucesor";
        predecessor: "Predecessor", "Vorgänger", "前一证书", "Predecesor";
        download: "Download", "Herunterladen", "下载", "Descargar";
        pem: "PEM", "PEM", "PEM", "PEM";
        der: "DER", "DER", "DER", "DER";
        chain: "PEM with issuer", "PEM mit Aussteller", "PEM（含颁发者）", "PEM con emisor";
        unreadable: "What is on record cannot be read as a certificate. Verify the audit log.", "Der Eintrag ist als Zertifikat nicht lesbar. Bitte das Protokoll prüfen.", "记录无法作为证书读取。请验证审计日志。", "Lo registrado no se puede leer como certificado. Verifique la auditoría.";
        no_certificate: "No certificate was ever intended for this device.", "Für dieses Gerät war nie ein Zertifikat vorgesehen.", "从未为此设备签发证书。", "Nunca se previó un certificado para este dispositivo.";
        intended: "intended", "vorgesehen", "拟签发", "previsto";
        issued: "issued", "ausgestellt", "已签发", "emitido";
        void: "void", "nichtig", "作废", "nulo";
        revoked: "revoked", "widerrufen", "已吊销", "revocado";
        superseded: "superseded", "ersetzt", "已被取代", "sustituido";
        enrollment: "Enrollment", "Registrierung in der Cloud", "云端注册", "Inscripción en la nube";
        no_enrollment: "The outbox holds nothing about this device.", "Der Postausgang enthält nichts zu diesem Gerät.", "发件箱中没有此设备的内容。", "La bandeja de salida no contiene nada de este dispositivo.";
        operation: "Operation", "Vorgang", "操作", "Operación";
        queued: "Queued", "Eingereiht", "排队时间", "En cola desde";
        sent_at: "Sent", "Gesendet", "发送时间", "Enviado";
        last_error: "Last error", "Letzter Fehler", "最近错误", "Último error";
        alarms: "Duplicate alarms", "Alarme: doppelt vorhanden", "重复警报", "Alarmas de duplicado";
        alarm: "another unit gave the same {kind}: {value}", "eine andere Einheit nannte dasselbe ({kind}): {value}", "另一单元给出了相同的 {kind}：{value}", "otra unidad dio el mismo valor ({kind}): {value}";
        audit: "Audit entries", "Protokolleinträge", "审计条目", "Entradas de auditoría";
        proof_file: "Download the proof", "Nachweis herunterladen", "下载证明", "Descargar la prueba";
        actions: "Actions", "Maßnahmen", "操作", "Acciones";
        under_way: "A run of this device is under way. Decide after its verdict.", "Ein Lauf dieses Geräts ist im Gange. Entscheiden nach seinem Urteil.", "此设备正在运行。请在判定后再决定。", "Una ejecución de este dispositivo está en curso. Decida después de su veredicto.";
        nothing_to_do: "Nothing is left to decide about this device.", "Zu diesem Gerät gibt es nichts mehr zu entscheiden.", "此设备没有需要决定的事项。", "No queda nada por decidir sobre este dispositivo.";
        rework: "Re-work (supersede)", "Nacharbeit (ersetzen)", "返工（取代）", "Retrabajo (sustituir)";
        rework_means: "Its identity is withdrawn: the certificate goes onto the revocation list as superseded, its enrollment is disabled. The device may be run again and then gets a new identity, out of the spare allowance; its work order counts one device fewer.", "Ihre Identität wird zurückgezogen: das Zertifikat kommt als ersetzt auf die Sperrliste, die Registrierung wird gesperrt. Das Gerät darf erneut laufen und erhält dann aus der Reserve eine neue Identität; der Auftrag zählt ein Gerät weniger.", "撤回其身份：证书以“被取代”列入吊销列表，注册被禁用。设备可重新运行并从备用额度获得新身份；工单完成数减一。", "Se retira su identidad: el certificado pasa a la lista de revocación como sustituido y se deshabilita su inscripción. El dispositivo puede pasar de nuevo y recibe otra identidad, a cargo de la reserva; su orden cuenta un dispositivo menos.";
        give_up: "Give the run up (supersede)", "Lauf aufgeben (ersetzen)", "放弃此运行（取代）", "Abandonar la ejecución (sustituir)";
        give_up_means: "The run ends as ABORTED. What it issued is withdrawn and blocked in the cloud. The device may be provisioned anew.", "Der Lauf endet als ABORTED. Was er ausgestellt hat, wird zurückgezogen und in der Cloud gesperrt. Das Gerät darf neu provisioniert werden.", "运行以 ABORTED 结束。已签发的内容被撤回并在云端阻止。设备可重新配置。", "La ejecución termina como ABORTED. Lo que emitió se retira y se bloquea en la nube. El dispositivo puede aprovisionarse de nuevo.";
        release: "Release (supersede)", "Freigeben (ersetzen)", "解除隔离（取代）", "Liberar (sustituir)";
        release_means: "The device leaves quarantine and may be provisioned again, with a new identity.", "Das Gerät verlässt die Quarantäne und darf mit neuer Identität erneut provisioniert werden.", "设备解除隔离，可用新身份重新配置。", "El dispositivo sale de la cuarentena y puede aprovisionarse de nuevo con otra identidad.";
        resume: "Resume", "Fortsetzen", "继续", "Reanudar";
        resume_means: "The run goes on from where it stands, with the credential it has, as soon as the device is in a slot again.", "Der Lauf geht an seiner Stelle mit den vorhandenen Zugangsdaten weiter, sobald das Gerät wieder in einem Platz steckt.", "设备再次放入工位后，运行从当前位置以现有凭据继续。", "La ejecución continúa donde está, con la credencial que tiene, en cuanto el dispositivo vuelva a un puesto.";
        quarantine: "Quarantine", "Quarantäne", "隔离", "Cuarentena";
        quarantine_means: "Its identity is withdrawn for good and blocked in the cloud. No slot touches the device until an engineer releases it.", "Ihre Identität wird endgültig zurückgezogen und in der Cloud gesperrt. Kein Platz fasst das Gerät an, bis ein Ingenieur es freigibt.", "其身份被永久撤回并在云端阻止。工程师解除隔离前，任何工位都不会处理该设备。", "Su identidad se retira definitivamente y se bloquea en la nube. Ningún puesto toca el dispositivo hasta que un ingeniero lo libere.";
        scrap: "Scrap", "Verschrotten", "报废", "Desechar";
        scrap_means: "Its identity is withdrawn for good and blocked in the cloud. The device is never provisioned again. This cannot be undone.", "Ihre Identität wird endgültig zurückgezogen und in der Cloud gesperrt. Das Gerät wird nie wieder provisioniert. Das lässt sich nicht rückgängig machen.", "其身份被永久撤回并在云端阻止。设备不再配置。此操作无法撤销。", "Su identidad se retira definitivamente y se bloquea en la nube. El dispositivo no se aprovisiona nunca más. No se puede deshacer.";
        revoke: "Revoke the certificate", "Zertifikat widerrufen", "吊销证书", "Revocar el certificado";
        revoke_means: "The certificate goes onto the next revocation list and what it enrolled is disabled. The device stays on record as it is; to give it a new identity, choose re-work instead. This cannot be undone.", "Das Zertifikat kommt auf die nächste Sperrliste, und seine Registrierung wird gesperrt. Das Gerät bleibt verzeichnet, wie es ist; für eine neue Identität bitte Nacharbeit wählen. Das lässt sich nicht rückgängig machen.", "证书列入下一份吊销列表，其注册被禁用。设备记录保持不变；如需新身份，请选择返工。此操作无法撤销。", "El certificado pasa a la próxima lista de revocación y se deshabilita lo que inscribió. El dispositivo sigue registrado como está; para darle otra identidad elija retrabajo. No se puede deshacer.";
        why: "Why, for the records", "Warum, für die Akten", "原因（记录在案）", "Por qué, para el registro";
        choose: "choose a reason", "Grund wählen", "选择原因", "elija un motivo";
        unspecified: "none given", "ohne Angabe", "未说明", "sin especificar";
        key_compromise: "the device's key is known to others", "der Geräteschlüssel ist anderen bekannt", "设备密钥已泄露", "la clave del dispositivo es conocida por otros";
        ca_compromise: "the issuing key is known to others", "der Ausstellerschlüssel ist anderen bekannt", "签发密钥已泄露", "la clave emisora es conocida por otros";
        affiliation_changed: "the device's name or owner changed", "Name oder Besitzer des Geräts geändert", "设备名称或所有者变更", "cambió el nombre o el dueño del dispositivo";
        replaced: "another certificate takes its place", "ein anderes Zertifikat tritt an seine Stelle", "由其他证书取代", "otro certificado ocupa su lugar";
        cessation: "the certificate is not used any more", "das Zertifikat wird nicht mehr verwendet", "证书不再使用", "el certificado ya no se usa";
        privilege_withdrawn: "the device may no longer do what it allows", "das Gerät darf das Erlaubte nicht mehr", "设备权限已撤销", "el dispositivo ya no puede hacer lo que permite";
        is_resumed: "Run {run} goes on when the device is in a slot again.", "Lauf {run} geht weiter, sobald das Gerät wieder in einem Platz steckt.", "设备再次放入工位后，运行 {run} 将继续。", "La ejecución {run} continúa cuando el dispositivo vuelva a un puesto.";
        is_superseded: "{serial} may be run again.", "{serial} darf erneut laufen.", "{serial} 可以重新运行。", "{serial} puede pasar de nuevo.";
        is_quarantined: "{serial} is in quarantine.", "{serial} ist in Quarantäne.", "{serial} 已隔离。", "{serial} está en cuarentena.";
        is_scrapped: "{serial} is scrapped.", "{serial} ist verschrottet.", "{serial} 已报废。", "{serial} está desechado.";
        is_revoked: "Certificate {serial} is revoked. The next revocation list says so.", "Zertifikat {serial} ist widerrufen. Die nächste Sperrliste weist es aus.", "证书 {serial} 已吊销，将列入下一份吊销列表。", "El certificado {serial} está revocado. La próxima lista de revocación lo dirá.";
    }
}

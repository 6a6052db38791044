//! The words of the Clients page.

words! {
    /// Other systems and their tokens.
    ClientsWords {
        clients: "Clients", "Clients", "客户端", "Clientes";
        meaning: "Other systems, such as an MES or a monitoring server, ask this station over its interface with a token of their own.", "Andere Systeme, etwa ein MES oder eine Überwachung, fragen diese Station mit einem eigenen Token über ihre Schnittstelle.", "其他系统（例如 MES 或监控服务器）使用各自的令牌通过接口访问本工站。", "Otros sistemas, como un MES o un servidor de supervisión, consultan esta estación por su interfaz con un token propio.";
        description: "Description of the interface (OpenAPI)", "Beschreibung der Schnittstelle (OpenAPI)", "接口说明（OpenAPI）", "Descripción de la interfaz (OpenAPI)";
        to_people: "People", "Personen", "人员", "Personas";
        name: "Name", "Name", "名称", "Nombre";
        rights: "Rights", "Rechte", "权限", "Permisos";
        state: "State", "Zustand", "状态", "Estado";
        created: "Added", "Angelegt", "添加时间", "Añadido";
        change: "Change", "Ändern", "更改", "Cambiar";
        active: "active", "aktiv", "有效", "activo";
        disabled: "disabled", "gesperrt", "已停用", "desactivado";
        read: "read devices, results, work orders and figures", "Geräte, Ergebnisse, Aufträge und Kennzahlen lesen", "读取设备、结果、工单和指标", "leer dispositivos, resultados, órdenes y cifras";
        orders: "write work orders down, and close complete ones", "Aufträge anlegen und vollständige schließen", "创建工单并关闭已完成的工单", "crear órdenes de trabajo y cerrar las completas";
        add: "Add a client", "Client anlegen", "添加客户端", "Añadir un cliente";
        add_now: "Add and show its token", "Anlegen und Token zeigen", "添加并显示令牌", "Añadir y mostrar su token";
        name_hint: "Letters, digits, dots, dashes; never used twice.", "Buchstaben, Ziffern, Punkte, Striche; wird nie zweimal vergeben.", "字母、数字、点和短横线；名称不会重复使用。", "Letras, dígitos, puntos y guiones; nunca se usa dos veces.";
        disable: "Disable", "Sperren", "停用", "Desactivar";
        disable_client: "Disable {name} for good", "{name} endgültig sperren", "永久停用 {name}", "Desactivar {name} definitivamente";
        token_of: "Token of {name}", "Token von {name}", "{name} 的令牌", "Token de {name}";
        token_once: "Copy it now: it is shown this once and kept nowhere.", "Jetzt kopieren: Er wird nur dieses eine Mal gezeigt und nirgends aufbewahrt.", "请立即复制：令牌只显示这一次，不会保存在任何地方。", "Cópielo ahora: se muestra solo esta vez y no se guarda en ningún sitio.";
        none: "No other system has a token yet.", "Noch hat kein anderes System einen Token.", "尚无其他系统拥有令牌。", "Todavía ningún otro sistema tiene un token.";
        was_disabled: "{name} is refused from now on.", "{name} wird ab jetzt abgewiesen.", "从现在起拒绝 {name} 的请求。", "{name} queda rechazado desde ahora.";
        no_rights: "Choose at least one right.", "Mindestens ein Recht auswählen.", "请至少选择一项权限。", "Elija al menos un permiso.";
        more: "More", "Weitere", "更多", "Más";
    }
}

//! What each kind of audit entry is called.

use crate::domain::language::Language;

/// Declares the kinds of entries, each with its name in English, German, Simplified Chinese and Spanish.
macro_rules! event_words {
    ($($kind:literal: $en:literal, $de:literal, $zh:literal, $es:literal;)*) => {
        /// Every kind there is, as entries write it.
        pub const KINDS: &[&str] = &[$($kind,)*];

        /// What a kind is called; none if it is of a newer program.
        pub fn name(kind: &str, language: Language) -> Option<&'static str> {
            match kind {
                $($kind => Some(match language {
                    Language::English => $en,
                    Language::German => $de,
                    Language::Chinese => $zh,
                    Language::Spanish => $es,
                }),)*
                _ => None,
            }
        }
    };
}

event_words! {
    "station-created": "Station founded", "Station gegründet", "工站已建立", "Estación fundada";
    "ca-created": "CA made", "CA erzeugt", "CA 已创建", "CA creada";
    "ceremony-held": "Ceremony of the CA", "Zeremonie der CA", "CA 仪式", "Ceremonia de la CA";
    "station-started": "Station started", "Station gestartet", "工站已启动", "Estación iniciada";
    "vault-unlocked": "Vault unlocked", "Tresor entsperrt", "保险库已解锁", "Almacén desbloqueado";
    "unlock-refused": "Unlocking refused", "Entsperren abgelehnt", "解锁被拒绝", "Desbloqueo rechazado";
    "person-added": "Person added", "Person hinzugefügt", "已添加人员", "Persona añadida";
    "person-disabled": "Person disabled", "Person gesperrt", "人员已停用", "Persona deshabilitada";
    "login-accepted": "Logged in", "Angemeldet", "已登录", "Sesión iniciada";
    "login-refused": "Log-in refused", "Anmeldung abgelehnt", "登录被拒绝", "Inicio de sesión rechazado";
    "secret-changing": "Secret about to change", "Geheimnis wird geändert", "机密即将更改", "Secreto a punto de cambiar";
    "secret-unchanged": "Secret left unchanged", "Geheimnis unverändert", "机密未更改", "Secreto sin cambios";
    "secret-settled": "Secret settled", "Geheimnis geklärt", "机密已核定", "Secreto aclarado";
    "secret-set": "Secret set", "Geheimnis gesetzt", "机密已设置", "Secreto establecido";
    "token-pin-refused": "PIN refused by the token", "PIN vom Token abgewiesen", "令牌拒绝 PIN", "PIN rechazado por el token";
    "group-key-added": "Group key added", "Gruppenschlüssel hinzugefügt", "已添加组密钥", "Clave de grupo añadida";
    "group-key-rotated": "Group key rotated", "Gruppenschlüssel gewechselt", "组密钥已轮换", "Clave de grupo rotada";
    "group-key-derived": "Keys derived", "Schlüssel abgeleitet", "已派生密钥", "Claves derivadas";
    "product-used": "Recipe used", "Rezept verwendet", "已使用配方", "Receta usada";
    "work-order-added": "Work order added", "Auftrag angelegt", "已添加工单", "Orden añadida";
    "work-order-activated": "Work order activated", "Auftrag aktiviert", "工单已启用", "Orden activada";
    "work-order-released": "Work order released", "Auftrag freigegeben", "工单已下达", "Orden liberada";
    "work-order-closed": "Work order closed", "Auftrag geschlossen", "工单已关闭", "Orden cerrada";
    "issue-intended": "Credential intended", "Zugangsdaten vorgesehen", "拟签发凭据", "Credencial prevista";
    "certificate-issued": "Certificate issued", "Zertifikat ausgestellt", "证书已签发", "Certificado emitido";
    "certificate-revoked": "Certificate revoked", "Zertifikat widerrufen", "证书已吊销", "Certificado revocado";
    "crl-issued": "Revocation list issued", "Sperrliste ausgestellt", "吊销列表已签发", "Lista de revocación emitida";
    "run-finished": "Run finished", "Lauf beendet", "运行已结束", "Ejecución terminada";
    "run-resumed": "Run to be resumed", "Lauf soll weitergehen", "运行将继续", "Ejecución por reanudar";
    "run-taken-up": "Run taken up", "Lauf aufgenommen", "运行已继续", "Ejecución retomada";
    "run-superseded": "Run superseded", "Lauf ersetzt", "运行已被取代", "Ejecución sustituida";
    "run-quarantined": "Device quarantined", "Gerät in Quarantäne", "设备已隔离", "Dispositivo en cuarentena";
    "run-scrapped": "Device scrapped", "Gerät verschrottet", "设备已报废", "Dispositivo desechado";
    "duplicate-alarm": "Duplicate found", "Dublette gefunden", "发现重复", "Duplicado encontrado";
    "refused": "Refused", "Abgelehnt", "已拒绝", "Rechazado";
    "enrollment-queued": "Enrollment queued", "Registrierung eingereiht", "注册已入队", "Inscripción en cola";
    "enrollment-sent": "Enrollment sent", "Registrierung gesendet", "注册已发送", "Inscripción enviada";
    "enrollment-conflict": "Enrollment in conflict", "Registrierung im Konflikt", "注册冲突", "Inscripción en conflicto";
    "enrollment-parked": "Enrollment parked", "Registrierung geparkt", "注册已搁置", "Inscripción aparcada";
    "enrollment-retried": "Enrollments released", "Registrierungen freigegeben", "注册已放行", "Inscripciones liberadas";
    "enrollment-hastened": "Sent at once", "Sofort gesendet", "已要求立即发送", "Enviadas de inmediato";
    "enrollment-amended": "Enrollment changed", "Registrierung geändert", "注册已修改", "Inscripción cambiada";
    "enrollment-cancelled": "Enrollment given up", "Registrierung aufgegeben", "注册已取消", "Inscripción cancelada";
    "batch-started": "Batch begun", "Stapel begonnen", "批处理已开始", "Lote iniciado";
    "batch-chunk-intended": "Certificates of a batch intended", "Zertifikate eines Stapels vorgemerkt", "批处理证书已登记待签", "Certificados de un lote previstos";
    "batch-chunk-issued": "Certificates of a batch issued", "Zertifikate eines Stapels ausgestellt", "批处理证书已签发", "Certificados de un lote emitidos";
    "batch-chunk-voided": "Certificates of a batch void", "Zertifikate eines Stapels nichtig", "批处理证书已作废", "Certificados de un lote anulados";
    "batch-ended": "Batch ended", "Stapel beendet", "批处理已结束", "Lote terminado";
    "batch-file-taken": "File of a batch taken along", "Datei eines Stapels mitgenommen", "已取走批次文件", "Fichero de un lote retirado";
    "batch-files-cleared": "Files of a batch removed", "Dateien eines Stapels entfernt", "批次文件已删除", "Ficheros de un lote eliminados";
    "announcement-alarm": "Not as announced", "Anders als angekündigt", "与预告不符", "No como se anunció";
    "log-exported": "Log exported", "Protokoll exportiert", "日志已导出", "Registro exportado";
    "log-verified": "Log verified", "Protokoll geprüft", "日志已验证", "Registro verificado";
    "installation-carried-through": "Installation of an issuing CA carried through", "Einrichtung einer ausstellenden CA zu Ende geführt", "签发 CA 的安装已完成", "Instalación de una CA emisora llevada a término";
    "key-erased": "Key of an issuing CA erased", "Schlüssel einer ausstellenden CA gelöscht", "签发 CA 的密钥已删除", "Clave de una CA emisora borrada";
    "possession-intended": "Proof of possession begun", "Nachweis des Besitzes begonnen", "开始证明持有", "Demostración de posesión iniciada";
    "possession-proven": "Possession proven", "Besitz nachgewiesen", "已证明持有", "Posesión demostrada";
    "pages-certified": "Pages' certificate made", "Zertifikat der Seiten erzeugt", "页面证书已生成", "Certificado de las páginas creado";
    "password-changed": "Password changed", "Passwort geändert", "密码已更改", "Contraseña cambiada";
    "badge-given": "Badge given", "Ausweis ausgegeben", "已发工牌", "Tarjeta entregada";
    "badge-removed": "Badge taken away", "Ausweis entzogen", "已收回工牌", "Tarjeta retirada";
    "work-order-paused": "Work order paused", "Auftrag angehalten", "工单已暂停", "Orden en pausa";
    "first-article-confirmed": "First article confirmed", "Erststück bestätigt", "首件已确认", "Primera pieza confirmada";
    "first-article-rejected": "First article rejected", "Erststück abgelehnt", "首件被拒", "Primera pieza rechazada";
    "engineer-called": "Engineer called", "Ingenieur gerufen", "已呼叫工程师", "Ingeniero avisado";
    "engineer-call-ended": "Call ended", "Ruf beendet", "呼叫已结束", "Aviso terminado";
    "label-printed": "Label printed", "Etikett gedruckt", "标签已打印", "Etiqueta impresa";
    "label-reprinted": "Label printed again", "Etikett nachgedruckt", "标签已重印", "Etiqueta reimpresa";
    "label-failed": "Label not printed", "Etikett nicht gedruckt", "标签未打印", "Etiqueta no impresa";
    "label-settled": "Label settled", "Etikett erledigt", "标签已了结", "Etiqueta resuelta";
    "label-retried": "Label waits again", "Etikett wartet wieder", "标签重新等待", "Etiqueta de nuevo en espera";
    "client-added": "Client added", "Client angelegt", "已添加客户端", "Cliente añadido";
    "client-disabled": "Client disabled", "Client gesperrt", "客户端已停用", "Cliente deshabilitado";
    "token-refused": "Token refused", "Token abgelehnt", "令牌被拒绝", "Token rechazado";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_entry_has_a_name() {
        let (_, events) =
            include_str!("../../domain/audit_event.rs").split_once("pub enum AuditEvent {").unwrap();
        let (events, _) = events.split_once("\n}\n").unwrap();
        let variants = events.lines().filter(|line| {
            line.starts_with("    ") && line.as_bytes().get(4).is_some_and(u8::is_ascii_uppercase)
        });
        let mut count = 0;
        for variant in variants {
            count += 1;
            let mut kind = String::new();
            let name = variant.trim().split([' ', '(', ',']).next().unwrap_or_default();
            for letter in name.chars() {
                if letter.is_ascii_uppercase() && !kind.is_empty() {
                    kind.push('-');
                }
                kind.push(letter.to_ascii_lowercase());
            }
            assert!(KINDS.contains(&kind.as_str()), "{kind} has no name");
        }
        assert_eq!(count, KINDS.len(), "a name is of no kind");
    }
}

/* The identity of one device, for firmware that is built or patched for each unit. */
#ifndef LINESIDE_IDENTITY_H
#define LINESIDE_IDENTITY_H

#define LINESIDE_SERIAL "{{ serial }}"
{% if mac is defined %}
#define LINESIDE_MAC "{{ mac }}"
{% endif %}
#define LINESIDE_REGISTRATION_ID "{{ registration_id }}"
#define LINESIDE_DEVICE_ID "{{ device_id }}"
#define LINESIDE_DPS_ENDPOINT "{{ global_endpoint }}"
{% if id_scope is defined %}
#define LINESIDE_DPS_ID_SCOPE "{{ id_scope }}"
{% endif %}
{% if chain is defined %}
#define LINESIDE_CERTIFICATE_CHAIN "{{ chain }}"
{% endif %}
{% if device_key is defined %}
#define LINESIDE_DEVICE_KEY "{{ device_key }}"
{% endif %}

#endif

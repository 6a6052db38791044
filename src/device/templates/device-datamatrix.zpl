{# A label with the serial number as DataMatrix code, for 50 x 25 mm and larger. mm(n) is n millimetres in dots.
   Put ^FH_ before every ^FD that holds a value: it makes the escapes of values readable to the printer. #}
^XA
^CI28
^PW{{ mm(width_mm) }}
^LL{{ mm(height_mm) }}
^LH0,0
^FO{{ mm(2) }},{{ mm(3) }}^BXN,{{ mm(0.75) }},200^FH_^FD{{ serial }}^FS
^FO{{ mm(20) }},{{ mm(3) }}^A0N,{{ mm(3.5) }},{{ mm(3.2) }}^FH_^FD{{ product }}^FS
^FO{{ mm(20) }},{{ mm(8) }}^A0N,{{ mm(3) }},{{ mm(2.6) }}^FB{{ mm(width_mm - 22) }},2,0,L^FH_^FD{{ serial }}^FS
{% if mac is defined %}
^FO{{ mm(20) }},{{ mm(15) }}^A0N,{{ mm(2.4) }},{{ mm(2.2) }}^FH_^FD{{ mac }}^FS
{% endif %}
^FO{{ mm(20) }},{{ mm(18.2) }}^A0N,{{ mm(2) }},{{ mm(1.8) }}^FH_^FD{{ date }} {{ station }} {{ run }}{% if reprint %} ({{ copy }}){% endif %}^FS
^FO{{ mm(2) }},{{ mm(21.8) }}^A0N,{{ mm(2) }},{{ mm(1.7) }}^FH_^FD{{ registration_id }}^FS
^XZ

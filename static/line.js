// The Line page: keeps it live, sends scans, chooses slots by key, makes sounds.
"use strict";

(() => {
    const page = {
        stale: document.getElementById("stale"),
        form: document.getElementById("scan"),
        box: document.getElementById("scan-text"),
        chosen: document.getElementById("chosen"),
        heard: document.getElementById("heard"),
        sound: document.getElementById("sound"),
    };

    // ---- sounds: off until somebody turns them on; remembered for this browser
    const STORED = "lineside-sound";
    let audio = null;
    let loud = false;
    try { loud = localStorage.getItem(STORED) === "on"; } catch { /* a browser that keeps nothing is silent */ }

    const showSound = () => page.sound?.setAttribute("aria-pressed", String(loud));

    function tones(...notes) {
        // a browser gives no sound before somebody has touched a key or the page
        if (!loud || !navigator.userActivation?.hasBeenActive) return;
        audio ??= new AudioContext();
        audio.resume().then(() => {
            let at = audio.currentTime + 0.01;
            for (const [pitch, seconds, shape] of notes) {
                const voice = audio.createOscillator();
                const volume = audio.createGain();
                voice.type = shape;
                voice.frequency.value = pitch;
                volume.gain.setValueAtTime(0.0001, at);
                volume.gain.exponentialRampToValueAtTime(0.3, at + 0.01);
                volume.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
                voice.connect(volume).connect(audio.destination);
                voice.start(at);
                voice.stop(at + seconds);
                at += seconds;
            }
        }, () => {});
    }
    const sounds = {
        pass: () => tones([1318, 0.09, "sine"]),
        fail: () => tones([330, 0.22, "square"], [220, 0.4, "square"]),
        look: () => tones([587, 0.14, "triangle"], [440, 0.2, "triangle"]),
        done: () => tones([1760, 0.05, "sine"]),
        ask: () => tones([880, 0.07, "triangle"], [880, 0.07, "triangle"]),
        refused: () => tones([196, 0.3, "sawtooth"]),
    };
    const VERDICTS = {
        pass: sounds.pass, fail: sounds.fail, error: sounds.fail, aborted: sounds.look, skipped: sounds.look,
        quarantine: sounds.look, "wrong-unit": sounds.look, scrap: sounds.look,
    };
    page.sound?.addEventListener("click", () => {
        loud = !loud;
        try { localStorage.setItem(STORED, loud ? "on" : "off"); } catch { /* for this page only, then */ }
        showSound();
        sounds.done();
    });
    showSound();

    // ---- live: parts of the page are replaced as they come
    const SILENCE = 8000; // a beat comes every five seconds
    let source = null;
    let lastHeard = Date.now(); // the last beat
    let lastWord = lastHeard; // anything at all
    let lastTime = "";
    let stale = false;

    function showStale(now) {
        if (stale === now) return;
        stale = now;
        document.body.classList.toggle("is-stale", stale);
        const time = lastTime || new Date(lastHeard).toTimeString().slice(0, 8);
        page.stale.textContent = stale ? page.stale.dataset.word.replace("{time}", time) : "";
    }

    function alive() {
        lastHeard = Date.now();
        showStale(false);
    }

    function replace(html) {
        const template = document.createElement("template");
        template.innerHTML = html;
        const fresh = template.content.firstElementChild;
        const old = fresh && document.getElementById(fresh.id);
        if (!old) return;
        if (old.dataset.state && old.dataset.state !== fresh.dataset.state) VERDICTS[fresh.dataset.state]?.();
        if (old.outerHTML === fresh.outerHTML) return;
        const place = document.activeElement;
        const link = old.contains(place) && place.getAttribute("href");
        old.replaceWith(fresh);
        if (link) [...fresh.querySelectorAll("a")].find((a) => a.getAttribute("href") === link)?.focus();
        showChosen();
    }

    function listen() {
        source?.close();
        lastWord = Date.now();
        source = new EventSource("/events");
        source.addEventListener("beat", (event) => { lastTime = event.data; lastWord = Date.now(); alive(); });
        // a part is no sign that all of the page is true: without beats, the figures are not
        source.addEventListener("part", (event) => { lastWord = Date.now(); replace(event.data); });
        source.addEventListener("go", (event) => { source.close(); location.assign(event.data); });
        source.onerror = () => {
            // the browser gives up for good after some answers; we do not
            source.close();
            if (Date.now() - lastHeard > 2000) showStale(true);
            setTimeout(listen, 1000);
        };
    }

    setInterval(() => {
        if (Date.now() - lastHeard <= SILENCE) return;
        showStale(true);
        // a connection that says nothing is dead, whatever it looks like
        if (Date.now() - lastWord > SILENCE && source.readyState === EventSource.OPEN) listen();
    }, 1000);
    window.addEventListener("pagehide", () => source?.close());
    window.addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
    listen();

    // ---- the chosen slot
    function showChosen() {
        for (const tile of document.querySelectorAll(".tile")) {
            const here = page.chosen !== null && tile.dataset.slot === page.chosen.value;
            tile.classList.toggle("chosen", here);
            const link = tile.querySelector(".choose");
            if (here) link?.setAttribute("aria-current", "true");
            else link?.removeAttribute("aria-current");
        }
    }

    function choose(slot) {
        if (!page.chosen) return;
        page.chosen.value = slot;
        showChosen();
        if (slot) document.getElementById("tile-" + slot)?.scrollIntoView({ block: "nearest" });
    }

    if (!page.form) return;
    showChosen();
    document.addEventListener("click", (event) => {
        const link = event.target.closest(".choose");
        if (!link) return;
        event.preventDefault();
        choose(link.closest(".tile").dataset.slot);
        page.box.focus();
    });

    // ---- the scan box: whatever is scanned lands in it, scans are sent one after the other
    const MOST_WAITING = 16;
    const waiting = [];
    let sending = false;

    function say(kind, words) {
        const answer = document.createElement("p");
        answer.id = "answer";
        answer.className = "answer " + kind;
        answer.dataset.kind = kind;
        answer.textContent = words;
        page.heard.replaceChildren(answer);
        sounds[kind]?.();
    }

    async function send() {
        if (sending) return;
        sending = true;
        while (waiting.length > 0) {
            const text = waiting.shift();
            const fields = new URLSearchParams(new FormData(page.form));
            fields.set("text", text);
            try {
                const answer = await fetch("/scan", {
                    method: "POST", body: fields, headers: { "HX-Request": "true" },
                    signal: AbortSignal.timeout(10000),
                });
                const elsewhere = answer.headers.get("HX-Redirect");
                if (elsewhere) { location.assign(elsewhere); return; }
                if (!answer.ok) throw new Error(String(answer.status));
                page.heard.innerHTML = await answer.text();
                const said = document.getElementById("answer");
                sounds[said.dataset.kind]?.();
                choose(said.dataset.chosen);
                if (said.dataset.go) { location.assign(said.dataset.go); return; }
            } catch {
                // what was to follow this scan would mean something else without it
                waiting.length = 0;
                say("refused", page.form.dataset.lost);
            }
        }
        sending = false;
    }

    // a badge is as good as a password: it is not to be read off the screen, not even while it is typed
    const mask = () => page.box.classList.toggle("masked", /^\s*LSB-/i.test(page.box.value));
    const clear = () => { page.box.value = ""; mask(); };
    page.box.addEventListener("input", mask);
    mask();

    page.form.addEventListener("submit", (event) => {
        event.preventDefault();
        const text = page.box.value;
        clear();
        page.box.focus();
        if (!text.trim()) return;
        if (waiting.length >= MOST_WAITING) { say("refused", page.form.dataset.fast); return; }
        waiting.push(text);
        send();
    });

    // ---- the keyboard: F-keys choose, Esc clears, everything printable is a scan
    const busy = (element) => element !== page.box && element?.matches?.("input, select, textarea");
    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
        if (/^F[1-8]$/.test(event.key)) {
            const key = (event.shiftKey ? "⇧" : "") + event.key;
            const tile = [...document.querySelectorAll(".tile")].find((each) => each.dataset.key === key);
            event.preventDefault();
            if (tile) choose(tile.dataset.slot);
            page.box.focus();
            return;
        }
        if (event.key === "Escape") {
            clear();
            choose("");
            page.box.focus();
            return;
        }
        const onControl = document.activeElement?.matches?.("a, button, summary");
        const printable = event.key.length === 1 && !(onControl && event.key === " ");
        if (printable && document.activeElement !== page.box && !busy(document.activeElement)) page.box.focus();
    });

    // A box that lost the focus to nothing takes it back at once; from a link or a list, when it is left alone:
    // somebody on the keyboard must be able to walk through the page.
    const REST = 10000;
    let lastTouch = Date.now();
    for (const kind of ["keydown", "pointerdown"]) {
        document.addEventListener(kind, () => { lastTouch = Date.now(); }, true);
    }
    page.box.addEventListener("blur", () => setTimeout(() => {
        if (document.activeElement === document.body) page.box.focus();
    }, 0));
    setInterval(() => {
        if (document.activeElement === page.box || !document.hasFocus()) return;
        if (document.activeElement === document.body || Date.now() - lastTouch > REST) page.box.focus();
    }, 500);
    page.box.focus();
})();

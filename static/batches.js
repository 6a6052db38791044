// Sending a file: it can be dropped, what is too large is told before it is sent, and one sees how far it is. Without
// this script the form sends it all the same.
"use strict";

for (const form of document.querySelectorAll("form.upload")) {
    const place = form.querySelector(".drop");
    const input = form.querySelector("input[type=file]");
    const said = form.querySelector(".sending");
    const say = (text) => {
        said.textContent = text;
        said.hidden = false;
    };

    for (const event of ["dragover", "dragenter"]) {
        place.addEventListener(event, (drag) => {
            drag.preventDefault();
            place.classList.add("over");
        });
    }
    place.addEventListener("dragleave", () => place.classList.remove("over"));
    place.addEventListener("drop", (drag) => {
        drag.preventDefault();
        place.classList.remove("over");
        if (drag.dataTransfer.files.length) input.files = drag.dataTransfer.files;
    });

    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const [file] = input.files;
        if (file && file.size > Number(form.dataset.largest)) {
            say(form.dataset.tooLarge);
            return;
        }
        const button = form.querySelector("button");
        const request = new XMLHttpRequest();
        const broken = () => {
            button.disabled = false;
            say(form.dataset.failed);
        };
        request.open("POST", form.action);
        request.setRequestHeader("HX-Request", "true");
        request.upload.addEventListener("progress", ({ loaded, total }) => {
            say(form.dataset.uploading.replace("{percent}", String(Math.floor((100 * loaded) / total))));
        });
        request.addEventListener("error", broken);
        request.addEventListener("load", () => {
            const next = request.getResponseHeader("HX-Redirect");
            if (next) window.location.assign(next);
            else broken();
        });
        button.disabled = true;
        request.send(new FormData(form));
    });
}

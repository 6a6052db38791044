// What every page needs beside htmx: nothing inline, so that the content security policy stays strict.
"use strict";

// A form marked data-confirm asks before it is sent.
document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
});

// A choice marked data-submit sends its form at once.
document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// A button marked data-print prints the page.
document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
});

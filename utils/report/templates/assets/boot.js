// First script of the page: the one global, and the mark that styles for a page with scripts ask for.
window.IMAPP = window.IMAPP || {};
document.documentElement.classList.add("js");

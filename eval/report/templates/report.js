"use strict";
(() => {
  const form = document.getElementById("filter");
  const articles = [...document.querySelectorAll("article.case")];
  const texts = articles.map((article) => article.textContent.toLowerCase());
  const apply = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    articles.forEach((article, i) => {
      const { type, split, reasons } = article.dataset;
      const fits = (wanted.show === "all" || reasons)
        && (!wanted.type || type === wanted.type)
        && (!wanted.split || split === wanted.split)
        && (!wanted.reason || reasons.split("|").includes(wanted.reason))
        && words.every((word) => texts[i].includes(word));
      article.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    form.querySelector("output").textContent = `${shown} shown`;
    document.getElementById("none").hidden = shown > 0;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();

// What a reader would see of a page: asked in the browser, whatever the page's own policy on scripts is.
(() => {
  const numbers = (colour) => {
    const found = colour.match(/[\d.]+/g).map(Number);
    if (!colour.startsWith("rgb")) throw new Error(`a colour of another form: ${colour}`);
    return { rgb: found.slice(0, 3), alpha: found.length > 3 ? found[3] : 1 };
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { rgb, alpha } = numbers(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return rgb;
      if (alpha > 0) throw new Error("a background that is seen through");
    }
    return [255, 255, 255];
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const visible = (element) => element.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true });
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ["SCRIPT", "STYLE"].includes(element.tagName) || !visible(element)) continue;
    const style = getComputedStyle(element);
    const ratio = contrast(numbers(style.color).rgb, behind(element));
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${element.tagName}.${element.className}: ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  const root = document.documentElement;
  const wide = Array.from(document.querySelectorAll("body *"))
    .filter((e) => visible(e) && !e.closest(".unseen, .skip") && e.getBoundingClientRect().right > root.clientWidth + 0.5)
    .map((e) => `${e.tagName}.${e.className}`);
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  return {
    title: document.title,
    sideways: root.scrollWidth - root.clientWidth,
    wide,
    faint,
    paper: luminance(behind(document.body)),
    headings: all("h1, h2").map((h) => `${h.tagName} ${h.textContent}`),
    landmarks: ["header", "main", "footer"].filter((l) => all(`body > ${l}`).length === 1),
    unscoped: all("th:not([scope])").length,
    unlabelled: all("input, select").filter((f) => !f.closest("label")).length,
    sections: all("section").filter((s) => !document.getElementById(s.getAttribute("aria-labelledby"))).length,
    steps: all("#steps .step[data-action]").length,
    shown: all("#steps .step[data-action]").filter(visible).length,
    open: all("#steps .step[open]").length,
    readable: all("#steps .step .lines > *").filter(visible).length,
    lines: all("#steps .step .lines > *").length,
    filter: all("#filter").some(visible),
    text: document.body.textContent.replace(/\s+/g, " "),
    scripts: all("script").length,
    images: all("img, iframe, object, link, a[href^='http']").length,
  };
})()

"use strict";(()=>{function v(o){return encodeURIComponent(JSON.stringify(o))}var y={en:{open:"Open the chat",close:"Close the chat",title:"Chat",unread:"{count} unread"},zh:{open:"\u6253\u5F00\u5BA2\u670D",close:"\u5173\u95ED\u5BA2\u670D",title:"\u5BA2\u670D",unread:"{count} \u6761\u672A\u8BFB"}},E=`
:host { all: initial; color-scheme: light dark; }
.button {
  position: fixed; inset-block-end: 20px; inset-inline-end: 20px; z-index: 2147483000;
  display: grid; place-items: center; width: 56px; height: 56px; padding: 0;
  border: 0; border-radius: 50%; background: var(--tidings-color, #0b6e69); color: #fff;
  box-shadow: 0 2px 10px #0006; cursor: pointer;
}
.button:focus-visible { outline: 3px solid #fff; outline-offset: -6px; }
.button svg { width: 28px; height: 28px; fill: none; stroke: currentColor; stroke-width: 2; }
.count {
  position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-width: 22px;
  height: 22px; padding: 0 6px; box-sizing: border-box; border-radius: 11px;
  background: #b3261e; color: #fff; font: 700 12px/22px system-ui, sans-serif;
}
.frame {
  position: fixed; inset-block-end: 88px; inset-inline-end: 20px; z-index: 2147483000;
  width: 380px; height: min(620px, calc(100dvh - 108px)); border: 0; border-radius: 14px;
  box-shadow: 0 6px 32px #0005; background: Canvas;
}
[hidden] { display: none !important; }
@media (max-width: 480px) {
  .frame { inset: 0; width: 100%; height: 100dvh; border-radius: 0; }
  .button[aria-expanded="true"] { display: none; }
}
@media (forced-colors: active) { .button { border: 2px solid ButtonText; } }
`,L="M4 5h16v11h-9l-5 4v-4H4z";function T(o){let{origin:e}=new URL(o.src),{desk:t="",language:i,theme:c,custom:u}=o.dataset;if(t===""){console.error("Tidings: the script needs data-desk, the id of a service desk.");return}let x={desk:t,host:location.origin,language:i??(navigator.language.startsWith("zh")?"zh":"en"),...c!==void 0&&{theme:c},...u!==void 0&&{custom:JSON.parse(u)}},l=x.language?.startsWith("zh")?y.zh:y.en,h=document.createElement("div"),f=h.attachShadow({mode:"open"}),w=new CSSStyleSheet;w.replaceSync(E),f.adoptedStyleSheets=[w];let a=C(l.open),d=document.createElement("span");d.className="count",d.hidden=!0,a.append(d),f.append(a),document.body.append(h);let s=null,g=!1,k=!1,m=n=>{k&&s?.contentWindow?.postMessage(n,e)},p=n=>{g!==n&&(g=n,s===null&&(s=H(`${e}/widget#${v(x)}`,l.title),f.append(s)),s.hidden=!n,a.setAttribute("aria-expanded",String(n)),a.setAttribute("aria-label",n?l.close:l.open),m({tidings:"shown",isShown:n}),n?s.focus():a.focus())};a.addEventListener("click",()=>p(!g));let S=async n=>{if(n.source!==s?.contentWindow||n.origin!==e)return;let r=n.data;k=!0,r.tidings==="close"&&p(!1),r.tidings==="unread"&&(d.hidden=r.count===0,d.textContent=String(r.count),d.setAttribute("aria-label",l.unread.replace("{count}",String(r.count)))),r.tidings==="token"&&(m({tidings:"token",token:await W(o,r.reason)}),m({tidings:"shown",isShown:g}))};addEventListener("message",S),window.TidingsWidget={open:()=>p(!0),close:()=>p(!1),remove:()=>{removeEventListener("message",S),h.remove()}}}async function W(o,e){let{token:t,tokenFunction:i}=o.dataset;if(i===void 0)return t??null;let c=window[i];if(typeof c!="function")return console.error(`Tidings: the page has no function ${i}.`),null;try{return await c(e)}catch(u){return console.error("Tidings: the page has no token.",u),null}}function C(o){let e=document.createElement("button");e.type="button",e.className="button",e.setAttribute("aria-label",o),e.setAttribute("aria-expanded","false");let t=document.createElementNS("http://www.w3.org/2000/svg","svg");t.setAttribute("viewBox","0 0 24 24"),t.setAttribute("aria-hidden","true");let i=document.createElementNS("http://www.w3.org/2000/svg","path");return i.setAttribute("d",L),t.append(i),e.append(t),e}function H(o,e){let t=document.createElement("iframe");return t.className="frame",t.title=e,t.src=o,t}var b=document.currentScript;b instanceof HTMLScriptElement&&(document.body===null?addEventListener("DOMContentLoaded",()=>T(b)):T(b));})();

// The operations console.
// The styles that others build on come first.
import "../shared/base.css";
import "../shared/parts.css";
import { render } from "preact";
import { showLanguage } from "../shared/language.ts";
import { showTheme } from "../shared/theme.ts";
import { SignIn } from "../shared/sign_in.tsx";

showTheme();
showLanguage();
render(<SignIn signedIn={() => location.reload()} />, document.getElementById("page")!);

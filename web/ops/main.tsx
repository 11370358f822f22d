// The operations console.
import { render } from "preact";
import { showLanguage } from "../shared/language.ts";
import { showTheme } from "../shared/theme.ts";
import { SignIn } from "../shared/sign_in.tsx";
import "../shared/base.css";
import "../shared/parts.css";

showTheme();
showLanguage();
render(<SignIn signedIn={() => location.reload()} />, document.getElementById("page")!);

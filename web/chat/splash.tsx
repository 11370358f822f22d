// What is shown while the store of this browser is read, or the first answer is awaited.
import { ListSkeleton } from "./list/list_skeleton.tsx";
import { t } from "./texts.ts";

export function Splash() {
  return (
    <div class="shell" data-shown="list">
      <main class="panes">
        <h1 class="hidden-label">Tidings</h1>
        <nav class="pane sidebar" aria-label={t("conversations")}>
          <header class="pane-header" />
          <ListSkeleton />
        </nav>
        <div class="pane main-pane" />
      </main>
    </div>
  );
}

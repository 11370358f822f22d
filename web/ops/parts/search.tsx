// A search field whose words are in the address.
import { Field } from "../../shared/field.tsx";
import { linkTo } from "../route.ts";
import { t } from "../texts/common.ts";

interface SearchFormProps {
  page: string;
  label: string;
  q: string;
}

export function SearchForm({ page, label, q }: SearchFormProps) {
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    location.hash = linkTo([page], { q: String(form.get("q") ?? "").trim() });
  };
  return (
    <form class="search-form" role="search" onSubmit={onSubmit}>
      <Field label={label}>
        <input
          class="input"
          name="q"
          type="search"
          autocapitalize="none"
          spellcheck={false}
          dir="auto"
          defaultValue={q}
        />
      </Field>
      <button class="button">{t("search")}</button>
    </form>
  );
}

// One of a few views of a page, each with its own address.
interface OptionLinksProps {
  label: string;
  chosen: string;
  options: readonly { value: string; label: string; href: string }[];
}

export function OptionLinks({ label, chosen, options }: OptionLinksProps) {
  return (
    <span class="row-actions" role="group" aria-label={label}>
      {options.map(({ value, label: text, href }) => (
        <a
          key={value}
          class={`button ${value === chosen ? "primary" : ""}`}
          aria-current={value === chosen ? "true" : undefined}
          href={href}
        >
          {text}
        </a>
      ))}
    </span>
  );
}

// A button that opens a menu. Arrow keys, Home, End and first letters move in it.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon.tsx";

export interface MenuItem {
  label: string;
  icon?: IconName;
  danger?: boolean;
  disabled?: boolean;
  /** For an item that is on or off. */
  checked?: boolean;
  choose: () => void;
}

interface MenuProps {
  label: string;
  items: MenuItem[];
  /** What the button shows. Without it: three dots. */
  children?: ComponentChildren;
  /** Whether what it shows is also its name; the label is then only that of the list. */
  named?: boolean;
  class?: string;
}

export function Menu(props: MenuProps) {
  const { label, items, children, named, class: className = "icon-button" } = props;
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={className}
        aria-label={named ? undefined : label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {children ?? <Icon name="more" />}
      </button>
      {open && <MenuList {...{ id, label, items, close }} anchor={button.current} />}
    </>
  );
}

interface MenuListProps {
  id?: string;
  label: string;
  items: MenuItem[];
  anchor: Element | null;
  close: () => void;
}

/** The menu itself, for callers that open it in another way. It is drawn above everything. */
export function MenuList({ id, label, items, anchor, close }: MenuListProps) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const menu = list.current!;
    menu.showPopover();
    if (anchor !== null) placeBeside(menu, anchor.getBoundingClientRect());
    itemsOf(menu)[0]?.focus();
  }, []);
  useEffect(() => {
    const onOutside = (event: Event) => {
      const target = event.target as Node;
      if (!list.current?.contains(target) && !anchor?.contains(target)) close();
    };
    addEventListener("pointerdown", onOutside, true);
    return () => removeEventListener("pointerdown", onOutside, true);
  });
  return (
    <div
      ref={list}
      id={id}
      class="menu"
      role="menu"
      popover="manual"
      aria-label={label}
      onKeyDown={(event) => onMenuKey(event, list.current!, close)}
    >
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
          aria-checked={item.checked}
          tabIndex={-1}
          class={`menu-item ${item.danger ? "danger" : ""}`}
          disabled={item.disabled}
          onClick={() => {
            close();
            item.choose();
          }}
        >
          {item.icon && <Icon name={item.icon} size={18} />}
          <span>{item.label}</span>
          {item.checked && <Icon name="check" size={16} />}
        </button>
      ))}
    </div>
  );
}

function itemsOf(menu: HTMLElement): HTMLButtonElement[] {
  return [...menu.querySelectorAll<HTMLButtonElement>(".menu-item:not(:disabled)")];
}

function onMenuKey(event: KeyboardEvent, menu: HTMLElement, close: () => void): void {
  event.stopPropagation();
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    close();
    return;
  }
  const items = itemsOf(menu);
  const at = items.findIndex((item) => item === document.activeElement);
  const next = nextItem(event.key, items, at);
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function nextItem(key: string, items: HTMLButtonElement[], at: number) {
  if (key === "ArrowDown") return items[(at + 1) % items.length];
  if (key === "ArrowUp") return items.at(at <= 0 ? -1 : at - 1);
  if (key === "Home") return items[0];
  if (key === "End") return items.at(-1);
  if (key.length !== 1 || key === " ") return undefined;
  const letter = key.toLowerCase();
  const later = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  return later.find((item) => item.textContent?.trim().toLowerCase().startsWith(letter));
}

/** Below the anchor, or above it where there is more room; always inside the window. */
export function placeBeside(element: HTMLElement, anchor: DOMRect): void {
  const { width, height } = element.getBoundingClientRect();
  const margin = 6;
  const below = anchor.bottom + margin;
  const above = anchor.top - margin - height;
  const top = below + height <= innerHeight - margin || above < margin ? below : above;
  const rightToLeft = getComputedStyle(element).direction === "rtl";
  const endAligned = rightToLeft ? anchor.left : anchor.right - width;
  const left = Math.min(Math.max(margin, endAligned), innerWidth - width - margin);
  element.style.top = `${Math.max(margin, Math.min(top, innerHeight - height - margin))}px`;
  element.style.left = `${left}px`;
}

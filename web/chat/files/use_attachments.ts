// The files that the user has chosen for the next message: by picker, by dropping, by pasting.
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { showError } from "../../shared/toast.tsx";
import { isDrawn } from "./pending_file.tsx";
import { t } from "./texts.ts";

export interface Attachment {
  readonly key: number;
  readonly file: File;
  /** The address of an image, for a small picture of it. */
  readonly url: string | null;
  /** What the image shows, in the words of the user. */
  readonly alt: string;
}

export interface Attachments {
  readonly list: readonly Attachment[];
  add: (files: Iterable<File>) => void;
  remove: (key: number) => void;
  describe: (key: number, alt: string) => void;
  clear: () => void;
}

const MOST = 20;

export function useAttachments(field: RefObject<HTMLElement | null>): Attachments {
  const [list, setList] = useState<readonly Attachment[]>([]);
  const latest = useRef(list);
  latest.current = list;
  const lastKey = useRef(0);
  useEffect(() => () => latest.current.forEach(forget), []);
  return {
    list,
    add: (files) => {
      const added = [...files].map((file) => ({
        key: (lastKey.current += 1),
        file,
        url: isDrawn(file.type) ? URL.createObjectURL(file) : null,
        alt: "",
      }));
      const all = [...latest.current, ...added];
      if (all.length > MOST) showError(t("tooMany", { most: MOST }));
      all.slice(MOST).forEach(forget);
      setList(all.slice(0, MOST));
      field.current?.focus();
    },
    remove: (key) => {
      latest.current.filter((each) => each.key === key).forEach(forget);
      setList(latest.current.filter((each) => each.key !== key));
      field.current?.focus();
    },
    describe: (key, alt) =>
      setList(latest.current.map((each) => (each.key === key ? { ...each, alt } : each))),
    clear: () => {
      latest.current.forEach(forget);
      setList([]);
    },
  };
}

function forget({ url }: Attachment): void {
  if (url !== null) URL.revokeObjectURL(url);
}

/**
 * The files of a paste, unless it has a text too: a spreadsheet copies its cells also as an image,
 * while a file manager copies the names of the files as a text.
 */
export function pastedFiles(data: DataTransfer | null): File[] {
  const files = [...(data?.files ?? [])];
  const text = data?.getData("text/plain").trim() ?? "";
  const names = new Set(files.map((file) => file.name));
  const isOfFiles = text.split(/\r?\n/).every((line) => names.has(line.split(/[\\/]/).at(-1)!));
  return text === "" || isOfFiles ? files : [];
}

/** Whether files are being dragged over the pane of the composer; dropped there, they are added. */
export function useDropping(
  inside: RefObject<HTMLElement | null>,
  add: ((files: Iterable<File>) => void) | null,
): boolean {
  const [isOver, setOver] = useState(false);
  const taking = useRef(add);
  taking.current = add;
  useEffect(() => {
    const pane = inside.current?.closest<HTMLElement>(".pane");
    if (pane == null) return undefined;
    const onOver = (event: DragEvent) => {
      if (!hasFiles(event) || taking.current === null) return;
      event.preventDefault();
      event.dataTransfer!.dropEffect = "copy";
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (!pane.contains(event.relatedTarget as Node | null)) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      setOver(false);
      if (!hasFiles(event) || taking.current === null) return;
      event.preventDefault();
      taking.current(event.dataTransfer!.files);
    };
    const listeners = { dragenter: onOver, dragover: onOver, dragleave: onLeave, drop: onDrop };
    for (const [name, listener] of Object.entries(listeners)) {
      pane.addEventListener(name, listener as EventListener);
    }
    return () => {
      for (const [name, listener] of Object.entries(listeners)) {
        pane.removeEventListener(name, listener as EventListener);
      }
    };
  }, []);
  return isOver;
}

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** A file that is dropped beside a conversation must not replace the page. */
export function useNoStrayDrops(): void {
  useEffect(() => {
    const refuse = (event: DragEvent) => {
      if (event.defaultPrevented || !hasFiles(event)) return;
      event.preventDefault();
      event.dataTransfer!.dropEffect = "none";
    };
    addEventListener("dragover", refuse);
    addEventListener("drop", refuse);
    return () => {
      removeEventListener("dragover", refuse);
      removeEventListener("drop", refuse);
    };
  }, []);
}

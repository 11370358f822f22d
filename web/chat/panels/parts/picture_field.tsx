// Chooses and removes the picture of a person or a group. Each takes effect at once.
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { showError } from "../../../shared/toast.tsx";
import { shrinkPicture, UnreadablePictureError } from "../../files/shrink_picture.ts";
import { t } from "../texts/picture.ts";
import { useAct } from "./loading.ts";

interface PictureFieldProps {
  hasPicture: boolean;
  /** Uploads a picture, or removes it. */
  set: (picture: Blob | null) => Promise<void>;
  /** The picture as it is now. */
  children: ComponentChildren;
}

export function PictureField({ hasPicture, set, children }: PictureFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const { isBusy, act } = useAct();
  const choose = async (file: File) => {
    let picture: Blob;
    try {
      picture = await shrinkPicture(file);
    } catch (error) {
      showError(error instanceof UnreadablePictureError ? t("unreadable") : error);
      return;
    }
    await act(() => set(picture), t("pictureSaved"));
  };
  return (
    <div class="picture-field" role="group" aria-label={t("picture")} aria-busy={isBusy}>
      {children}
      <div class="picture-actions">
        <button
          type="button"
          class="button"
          disabled={isBusy}
          onClick={() => input.current?.click()}
        >
          {t("choose")}
        </button>
        {hasPicture && (
          <button
            type="button"
            class="button"
            disabled={isBusy}
            onClick={() => void act(() => set(null), t("pictureRemoved"))}
          >
            {t("remove")}
          </button>
        )}
      </div>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          // The same file can be chosen again.
          currentTarget.value = "";
          if (file !== undefined) void choose(file);
        }}
      />
    </div>
  );
}

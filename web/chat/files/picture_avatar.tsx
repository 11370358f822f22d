// An avatar whose picture is a file or an address.
import { useRef } from "preact/hooks";
import { Avatar, type AvatarProps } from "../../shared/avatar.tsx";
import { isFile } from "./avatar_file.ts";
import { useFileUrl } from "./file_urls.ts";
import { useNearScreen } from "./near_screen.ts";

/** The smaller preview is enough: no avatar is larger on a screen. */
const PREVIEW = 256;

/** `picture` is what the API calls `avatar`: the id of a file, or an https address. */
export function PictureAvatar({ picture, ...props }: Omit<AvatarProps, "place">) {
  const place = useRef<HTMLSpanElement>(null);
  const near = useNearScreen(place);
  const file = picture != null && isFile(picture) ? picture : null;
  const { url } = useFileUrl(near ? file : null, PREVIEW);
  return <Avatar {...props} place={place} picture={file === null ? picture : url} />;
}

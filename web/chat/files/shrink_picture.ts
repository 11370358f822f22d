// Makes an avatar of a picture that the user has chosen: a square of few pixels. What a camera wrote
// into it, such as the place, is left out.

const SIDE = 512;
const QUALITY = 0.9;

/** The bytes are no picture that this browser can read. */
export class UnreadablePictureError extends Error {}

/** The middle of the picture, turned as it is shown. */
export async function shrinkPicture(file: Blob): Promise<File> {
  const picture = await createImageBitmap(file).catch((cause: unknown) => {
    throw new UnreadablePictureError(String(cause));
  });
  const { width, height } = picture;
  const cut = Math.min(width, height);
  const side = Math.min(SIDE, cut);
  const canvas = new OffscreenCanvas(side, side);
  const [left, top] = [(width - cut) / 2, (height - cut) / 2];
  canvas.getContext("2d")!.drawImage(picture, left, top, cut, cut, 0, 0, side, side);
  picture.close();
  // Of the common types, only this one has nothing transparent.
  const type = file.type === "image/jpeg" ? "image/jpeg" : "image/png";
  const blob = await canvas.convertToBlob({ type, quality: QUALITY });
  const name = type === "image/jpeg" ? "avatar.jpg" : "avatar.png";
  return new File([blob], name, { type: blob.type });
}

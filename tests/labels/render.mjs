// Renders ZPL as a printer would, by somebody else's code: node render.mjs ZPL-FILE WIDTH-MM HEIGHT-MM DOTS-PER-MM FOLDER
// Every label of the file becomes FOLDER/label-N.png, counted from 1; prints how many there are.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ready } from "zpl-renderer-js";

const [file, width, height, dots, folder] = process.argv.slice(2);
const { api } = await ready;
const zpl = readFileSync(file, "utf8");
const labels = await api.zplToBase64MultipleAsync(zpl, Number(width), Number(height), Number(dots));
labels.forEach((png, at) => writeFileSync(join(folder, `label-${at + 1}.png`), Buffer.from(png, "base64")));
console.log(labels.length);
process.exit(0);

/** Letters from which on a line is taken to end where its width ended. */
const WIDE = 45;
const BROKEN = new RegExp(`(?<=[^\\n]{${WIDE}})\\n(?=[^\\s|*•–—-])(?!\\d{1,3}[.)]\\s)`, "g");

/** Lines that a text file breaks at a fixed width flow again; lists, verses and addresses stay as they are. */
export const flowing = (text: string): string => text.replace(BROKEN, " ");

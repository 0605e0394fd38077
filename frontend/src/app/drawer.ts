// How a page asks for the sidebar where the window is too narrow to show both.
import { createContext } from "svelte";

export interface Drawer {
  open(): void;
}

export const [getDrawer, setDrawer] = createContext<Drawer>();

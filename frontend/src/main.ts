// Starts the page: the shell first, what the server knows after.
import { mount } from "svelte";
import Page from "./app/App.svelte";
import { App } from "./app/state.svelte";
import { useLanguage } from "./i18n";
import "./styles/index.css";

// English is there at once; another language of the system is a small file from this same server.
await useLanguage("system");
const app = new App();
mount(Page, { target: document.querySelector("#page")!, props: { app } });
app.open();

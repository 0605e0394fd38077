// Starts the page: the shell first, what the server knows after.
import { mount } from "svelte";
import Page from "./app/App.svelte";
import { App } from "./app/state.svelte";
import "./styles/index.css";

const app = new App();
mount(Page, { target: document.querySelector("#page")!, props: { app } });
app.start();

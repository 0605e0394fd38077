// The page's state, put together once and handed to components through their context.
import { createContext } from "svelte";
import { api, asApiError, data } from "../api/client";
import type { OpenBody, Status } from "../api/types";
import { Chats } from "../features/chat/chats.svelte";
import { Collections } from "../features/collections/collections.svelte";
import { WatchedFolders } from "../features/documents/folders.svelte";
import { Library } from "../features/documents/library.svelte";
import { Models } from "../features/models/models.svelte";
import { Presets } from "../features/presets/presets.svelte";
import { SourcePanel } from "../features/sources/panel.svelte";
import { Evaluations } from "../features/search/evaluations.svelte";
import { Backups } from "../features/settings/backup.svelte";
import { Preferences } from "../features/settings/preferences.svelte";
import { ConversationList } from "../features/sidebar/conversations.svelte";
import { ImportOfConversations } from "../features/transfer/importing.svelte";
import { Connection } from "./connection.svelte";
import { watchElsewhere } from "./elsewhere";
import { Layers } from "./layers.svelte";
import { Notices } from "./notices.svelte";
import { Router } from "./route.svelte";

export class App {
  readonly router = new Router();
  readonly notices = new Notices();
  readonly layers = new Layers();
  readonly panel = new SourcePanel();
  readonly preferences = new Preferences();
  readonly conversations = new ConversationList(this.notices);
  readonly models = new Models();
  readonly library = new Library(this.notices);
  readonly folders = new WatchedFolders(this.notices, () => void this.library.refresh());
  readonly backups = new Backups();
  readonly presets = new Presets(this.notices);
  readonly collections = new Collections(this.notices);
  readonly chats = new Chats(this.router, this.preferences, this.conversations, this.notices, this.presets, this.collections);
  readonly connection = new Connection(() => this.#again());
  readonly importing = new ImportOfConversations(this.conversations);
  readonly evaluations = new Evaluations();
  status = $state<Status | null>(null);

  /** Asks the server for everything the shell shows. Nothing waits for it: the page is there before. */
  start(): void {
    void this.preferences.load();
    void this.conversations.load();
    void this.library.refresh();
    void this.models.loadActive();
    void this.presets.load();
    void this.collections.load();
    void this.checkStatus();
  }

  /** Also listens for what other windows do. */
  open(): void {
    this.start();
    watchElsewhere(() => void this.#learn());
  }

  async #learn(): Promise<void> {
    // While the server is away, the connection looks after it.
    if (this.connection.link !== "there") return;
    await this.conversations.load();
    this.chats.learn();
  }

  /** The server was gone and is back: everything that is shown may have changed. */
  #again(): void {
    this.start();
    this.chats.reload();
  }

  /** In the file manager; only the window can. */
  async openFolder(place: OpenBody["place"]): Promise<void> {
    try {
      await data(api.POST("/api/desktop/folder", { body: { place } }));
    } catch (error) {
      this.notices.show(asApiError(error).message);
    }
  }

  async checkStatus(): Promise<void> {
    this.status = await data(api.GET("/api/status")).catch(() => this.status);
  }
}

export const [getApp, setApp] = createContext<App>();

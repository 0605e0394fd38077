// Why a sentence is marked, in the reader's language; the server's own words where a reason is new to this page.
import type { Reason } from "../../api/types";
import { t } from "../../i18n";

export function reasonInWords({ message }: Reason): string {
  return message || t("unsupported");
}

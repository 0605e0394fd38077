// Why a sentence is marked, in the reader's language; the server's own words where a reason is new to this page.
import type { Reason } from "../../api/types";
import { t } from "../../i18n";

export function reasonInWords({ code, params, message }: Reason): string {
  const { said = "", there = "" } = params;
  switch (code) {
    case "number":
      return t("reasonNumber", said);
    case "other_number":
      return t("reasonOtherNumber", said, there);
    case "name":
      return t("reasonName", said);
    case "negation":
      return there ? t("reasonNegationThere", there) : t("reasonNegationHere", said);
    case "opposite":
      return t("reasonOpposite", said, there);
    case "exchanged":
      return said ? t("reasonExchanged", said) : t("unsupported");
    case "other_passage":
      return said ? t("reasonElsewhere", said) : t("reasonElsewherePlain");
    case "otherwise":
      return t("reasonOtherwise");
    case "nothing":
      return t("reasonNothing");
    default:
      return message || t("unsupported");
  }
}

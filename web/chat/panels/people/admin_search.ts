// Finds anybody, also people whom the user does not see. For administrators.
import { useCallback } from "preact/hooks";
import { useHost } from "../host.ts";
import type { FindPeople } from "./picker.tsx";

export function useAdminSearch(): FindPeople {
  const { api, calls } = useHost();
  return useCallback(
    async (q, limit) => {
      const query = { q, limit, ...calls.since };
      return (await calls.ask(api.GET("/v1/admin/users", { params: { query } }))).users;
    },
    [api, calls],
  );
}

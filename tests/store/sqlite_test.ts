import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { StoreError } from "../../src/store/errors.ts";
import { migrations } from "../../src/store/schema.ts";
import { openStore } from "../../src/store/sqlite.ts";
import { withFolder } from "../folder.ts";

const model = (name: string) => ({ name, created_at: "2026-01-01T00:00:00.000Z" });

function oneLine(pattern: RegExp, reason: string) {
  return (error: unknown) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, pattern);
    assert.ok(!error.message.includes("\n"));
    return true;
  };
}

Deno.test("a store keeps what was written when it is opened again", () =>
  withFolder(async (folder) => {
    const first = openStore(`${folder}/deep/er/weir.db`);
    await first.write((t) => t.insertInto("models").values(model("spam")).execute());
    await first.close();
    const second = openStore(`${folder}/deep/er/weir.db`);
    assert.deepEqual((await second.db.selectFrom("models").select("name").execute()).map((r) => r.name), [
      "spam",
    ]);
    await second.close();
    await second.close();
  }));

Deno.test("a transaction that throws leaves nothing behind", () =>
  withFolder(async (folder) => {
    const store = openStore(`${folder}/weir.db`);
    await assert.rejects(
      store.write(async (t) => {
        await t.insertInto("models").values(model("spam")).execute();
        throw new Error("stop");
      }),
      /stop/,
    );
    assert.deepEqual(await store.db.selectFrom("models").selectAll().execute(), []);
    await store.close();
  }));

Deno.test("the database is in WAL mode, waits for the disk, and enforces foreign keys", () =>
  withFolder(async (folder) => {
    const store = openStore(`${folder}/weir.db`);
    const pragma = async (name: string) =>
      Object.values((await sql.raw(`PRAGMA ${name}`).execute(store.db)).rows[0] as object)[0];
    assert.equal(await pragma("journal_mode"), "wal");
    assert.equal(await pragma("synchronous"), 2);
    await assert.rejects(
      store.write((t) =>
        t.insertInto("aliases").values({ model: "none", alias: "a", version: "1.0.0", updated_at: "" })
          .execute()
      ),
      /FOREIGN KEY/,
    );
    await store.close();
  }));

Deno.test("many writers of two connections in one process all get their turn", () =>
  withFolder(async (folder) => {
    const stores = [openStore(`${folder}/weir.db`), openStore(`${folder}/weir.db`)];
    await Promise.all(Array.from({ length: 20 }, (_, i) =>
      stores[i % 2].write(async (t) => {
        const { n } = await t.selectFrom("models").select((e) => e.fn.countAll<number>().as("n"))
          .executeTakeFirstOrThrow();
        await new Promise((resolve) => setTimeout(resolve, 1));
        await t.insertInto("models").values(model(`m${n}`)).execute();
      })));
    const names = (await stores[0].db.selectFrom("models").select("name").execute()).map((r) => r.name)
      .sort();
    assert.deepEqual(names, Array.from({ length: 20 }, (_, i) => `m${i}`).sort());
    for (const store of stores) await store.close();
  }));

Deno.test("a write behind a lock that is never released says so", () =>
  withFolder(async (folder) => {
    const store = openStore(`${folder}/weir.db`, { lockTimeoutMs: 50 });
    const other = new DatabaseSync(`${folder}/weir.db`);
    other.exec("BEGIN IMMEDIATE");
    await assert.rejects(
      store.write((t) => t.insertInto("models").values(model("spam")).execute()),
      oneLine(/another process keeps .*weir\.db locked/, "busy"),
    );
    other.exec("ROLLBACK");
    other.close();
    await store.close();
  }));

Deno.test("a database that a newer Weir wrote is refused, not changed", () =>
  withFolder(async (folder) => {
    await openStore(`${folder}/weir.db`).close();
    const raw = new DatabaseSync(`${folder}/weir.db`);
    raw.exec(`INSERT INTO weir_schema VALUES (${migrations.length + 6}, 'later')`);
    raw.close();
    assert.throws(
      () => openStore(`${folder}/weir.db`),
      oneLine(/it has schema version \d+ and this Weir knows up to \d+\. Update Weir/, "newer"),
    );
  }));

Deno.test("migrations run once, and a failed one leaves the older schema", () =>
  withFolder(async (folder) => {
    await openStore(`${folder}/weir.db`).close();
    await openStore(`${folder}/weir.db`).close();
    const raw = new DatabaseSync(`${folder}/weir.db`);
    assert.equal(raw.prepare("SELECT count(*) AS n FROM weir_schema").get()?.n, migrations.length);
    // A table in the way makes the first migration fail half-way.
    raw.exec(
      "DELETE FROM weir_schema; DROP TABLE metrics; DROP TABLE aliases; DROP TABLE versions; DROP TABLE models",
    );
    raw.close();
    assert.throws(() => openStore(`${folder}/weir.db`), /runs/);
    const after = new DatabaseSync(`${folder}/weir.db`);
    assert.deepEqual(
      after.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all().map((r) =>
        r.name
      ),
      ["runs", "weir_schema"],
    );
    after.close();
  }));

Deno.test("a damaged database is named, with the way out", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/weir.db`, "this is no database. ".repeat(500));
    assert.throws(
      () => openStore(`${folder}/weir.db`),
      oneLine(/^Cannot open the database: .*weir\.db is damaged\. Move it away/, "damaged"),
    );
  }));

Deno.test("a disk that fills up in a transaction leaves the old rows and says that it is full", () =>
  withFolder(async (folder) => {
    const store = openStore(`${folder}/weir.db`);
    await store.write((t) => t.insertInto("models").values(model("before")).execute());
    const { page_count } = (await sql<{ page_count: number }>`PRAGMA page_count`.execute(store.db)).rows[0];
    await sql.raw(`PRAGMA max_page_count = ${page_count + 2}`).execute(store.db);
    await assert.rejects(
      store.write(async (t) => {
        for (let i = 0; i < 1000; i++) {
          await t.insertInto("models").values(model(`${i}`.repeat(200))).execute();
        }
      }),
      oneLine(/the disk that holds .*weir\.db is full\. Free some space/, "full"),
    );
    assert.deepEqual((await store.db.selectFrom("models").select("name").execute()).map((r) => r.name), [
      "before",
    ]);
    await store.close();
  }));

Deno.test("a database that may only be read says which folder to make writable", () =>
  withFolder(async (folder) => {
    const store = openStore(`${folder}/weir.db`);
    await sql`PRAGMA query_only = ON`.execute(store.db);
    await assert.rejects(
      store.write((t) => t.insertInto("models").values(model("spam")).execute()),
      oneLine(/weir\.db cannot be written\..*WEIR_HOME/, "denied"),
    );
    await store.close();
  }));

Deno.test("a home that is a file says so", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/home`, "");
    assert.throws(
      () => openStore(`${folder}/home/sub/weir.db`),
      oneLine(/is a file, not a folder/, "not-a-folder"),
    );
  }));

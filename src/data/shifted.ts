/**
 * Made-up traffic in other languages, for showing drift.
 *
 * @module
 */
import { createRandomStream, type RandomStream } from "../base/random.ts";

/** What `shiftedMessages` makes. */
export interface ShiftedOptions {
  /** How many messages; all are distinct. */
  readonly count: number;
  /** The same seed gives the same messages (default 0). */
  readonly seed?: number;
  /** Default: both, in turns. */
  readonly languages?: readonly ("it" | "de")[];
}

/**
 * Demonstration traffic that is unlike the spam corpus: short support and chat messages in Italian and German. They are not
 * collected from anyone: a seeded generator puts them together from sentences written for this purpose, for showing that a
 * drift monitor notices another kind of input. Nothing about a model's quality can be read from them; they have no label.
 *
 * @throws {RangeError} if more messages are wanted than there are (some ten thousand for each language).
 *
 * @example
 * ```ts
 * import { shiftedMessages } from "./shifted.ts";
 * import assert from "node:assert/strict";
 *
 * const messages = shiftedMessages({ count: 300, seed: 1 });
 * assert.equal(new Set(messages).size, 300);
 * assert.deepEqual(shiftedMessages({ count: 300, seed: 1 }), messages);
 * ```
 */
export function shiftedMessages(options: ShiftedOptions): string[] {
  const { count, seed = 0, languages = ["it", "de"] } = options;
  if (languages.length === 0) throw new RangeError('languages is empty; give "it", "de" or both');
  const random = createRandomStream(seed, 0x5f1f7);
  const messages = new Set<string>();
  for (let tries = 0; messages.size < count; tries++) {
    if (tries > 100 * count) throw new RangeError(`there are not ${count} distinct messages; ask for fewer`);
    messages.add(compose(PHRASES[languages[messages.size % languages.length]], random));
  }
  return [...messages];
}

interface Phrases {
  readonly greetings: readonly string[];
  readonly bodies: readonly string[];
  readonly follows: readonly string[];
  readonly closings: readonly string[];
  readonly fills: Readonly<Record<string, readonly string[]>>;
}

function compose(phrases: Phrases, random: RandomStream): string {
  const parts = [random.pick(phrases.bodies)];
  if (random.next() < 0.6) parts.unshift(random.pick(phrases.greetings));
  if (random.next() < 0.7) parts.push(random.pick(phrases.follows));
  if (random.next() < 0.5) parts.push(random.pick(phrases.closings));
  return parts.join(" ").replace(/\{(\w+)\}/g, (_, name: string) => {
    if (name === "number") return String(1000 + random.integer(9000));
    if (name === "amount") return `${5 + random.integer(195)},${random.pick(["00", "50", "90", "99"])} €`;
    return random.pick(phrases.fills[name]);
  });
}

const PHRASES: Record<"it" | "de", Phrases> = {
  it: {
    greetings: [
      "Ciao!",
      "Buongiorno,",
      "Salve,",
      "Buonasera a tutti,",
      "Ciao {name},",
      "Gentile assistenza,",
      "Scusate il disturbo,",
    ],
    bodies: [
      "il mio ordine {number} risulta consegnato ma non ho ricevuto {thing}.",
      "vorrei sapere quando arriva {thing} che ho comprato {day}.",
      "non riesco più ad accedere al mio profilo: la password non funziona da {day}.",
      "{thing} è arrivato rotto, posso avere un rimborso di {amount}?",
      "mi avete addebitato {amount} due volte sulla carta, potete controllare?",
      "è possibile cambiare l'indirizzo di spedizione dell'ordine {number}?",
      "l'applicazione si chiude da sola appena apro la pagina dei pagamenti.",
      "avete ancora disponibile {thing} nel negozio di {city}?",
      "ci vediamo {day} davanti alla stazione di {city}?",
      "hai già prenotato il ristorante per {day} sera?",
      "domani non posso venire, mia figlia ha la febbre.",
      "ti ho mandato le foto della gita a {city}, le hai viste?",
      "la fattura {number} riporta un importo sbagliato, dovrebbe essere {amount}.",
      "il corriere è passato {day} ma a casa non c'era nessuno.",
      "vorrei disdire l'abbonamento prima del rinnovo di {day}.",
      "il codice sconto non viene accettato alla cassa.",
      "come faccio a restituire {thing}? Non trovo l'etichetta per il reso.",
      "la connessione cade ogni sera verso le nove, qui a {city}.",
      "mi potete richiamare {day} mattina? Sono in ufficio fino all'una.",
      "ho dimenticato {thing} sul treno per {city}, a chi mi devo rivolgere?",
      "la riunione di {day} è spostata alle quattro del pomeriggio.",
      "quanto costa spedire {thing} fino a {city}?",
    ],
    follows: [
      "Il numero di pratica è {number}.",
      "Ho già provato a riavviare il telefono, ma non cambia nulla.",
      "Aspetto da più di due settimane e nessuno mi risponde.",
      "Se serve vi mando una fotografia.",
      "Preferirei un cambio invece del rimborso.",
      "Non è urgente, ma mi farebbe comodo saperlo entro {day}.",
      "L'altra volta era andato tutto benissimo.",
      "Fammi sapere se per te va bene.",
      "Porto io qualcosa da bere, tu pensa al dolce.",
      "Purtroppo sul sito non ho trovato nessuna spiegazione.",
      "Lo avevo pagato {amount} con la carta.",
      "Anche mia sorella ha lo stesso problema.",
    ],
    closings: [
      "Grazie mille!",
      "Cordiali saluti, {name}",
      "A presto!",
      "Un abbraccio, {name}",
      "Resto in attesa, grazie.",
      "Buona giornata.",
    ],
    fills: {
      name: ["Giulia", "Marco", "Francesca", "Luca", "Chiara", "Matteo", "Elena", "Davide", "Sara", "Paolo"],
      city: [
        "Milano",
        "Bologna",
        "Torino",
        "Napoli",
        "Verona",
        "Palermo",
        "Firenze",
        "Trieste",
        "Genova",
        "Bari",
      ],
      day: ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"],
      thing: [
        "il tostapane",
        "la giacca blu",
        "lo zaino",
        "il caricatore",
        "la lampada da tavolo",
        "il libro di cucina",
        "l'ombrello",
        "la bicicletta",
      ],
    },
  },
  de: {
    greetings: [
      "Hallo!",
      "Guten Tag,",
      "Guten Morgen,",
      "Liebes Team,",
      "Hi {name},",
      "Sehr geehrte Damen und Herren,",
      "Moin zusammen,",
    ],
    bodies: [
      "meine Bestellung {number} gilt als zugestellt, aber {thing} ist nie angekommen.",
      "wann wird {thing} geliefert, den Termin {day} habe ich verpasst?",
      "ich komme seit {day} nicht mehr in mein Konto, das Passwort wird abgelehnt.",
      "{thing} kam beschädigt an, bekomme ich die {amount} zurück?",
      "mir wurden {amount} doppelt abgebucht, können Sie das bitte prüfen?",
      "kann ich die Lieferadresse für den Auftrag {number} noch ändern?",
      "die App stürzt jedes Mal ab, sobald ich die Rechnungen öffne.",
      "gibt es {thing} noch in der Filiale in {city}?",
      "treffen wir uns {day} am Hauptbahnhof in {city}?",
      "hast du für {day} Abend schon einen Tisch bestellt?",
      "morgen kann ich leider nicht kommen, der Kleine ist krank.",
      "ich habe dir die Bilder vom Ausflug nach {city} geschickt.",
      "auf der Rechnung {number} stimmt der Betrag nicht, es müssten {amount} sein.",
      "der Paketbote war {day} da, aber niemand hat die Klingel gehört.",
      "ich möchte mein Abonnement kündigen, bevor es sich {day} verlängert.",
      "der Gutschein lässt sich an der Kasse nicht einlösen.",
      "wie schicke ich {thing} zurück? Ein Etikett lag nicht bei.",
      "hier in {city} bricht die Verbindung jeden Abend gegen neun Uhr ab.",
      "könnten Sie mich {day} Vormittag zurückrufen?",
      "im Zug nach {city} ist {thing} liegen geblieben, an wen wende ich mich?",
      "die Besprechung am {day} beginnt erst um sechzehn Uhr.",
      "was kostet der Versand nach {city}, wenn {thing} mit ins Paket soll?",
    ],
    follows: [
      "Die Vorgangsnummer lautet {number}.",
      "Einen Neustart habe ich schon versucht, es ändert sich nichts.",
      "Ich warte jetzt seit über zwei Wochen auf eine Antwort.",
      "Fotos kann ich gerne nachreichen.",
      "Ein Umtausch wäre mir lieber als eine Gutschrift.",
      "Es eilt nicht, aber bis {day} wüsste ich gern Bescheid.",
      "Beim letzten Mal hat alles wunderbar geklappt.",
      "Sag mir einfach kurz, ob dir das passt.",
      "Ich bringe Getränke mit, kümmerst du dich um den Kuchen?",
      "Auf der Webseite habe ich dazu leider nichts gefunden.",
      "Bezahlt habe ich {amount} mit der Karte.",
      "Bei meinem Nachbarn ist es genauso.",
    ],
    closings: [
      "Vielen Dank!",
      "Mit freundlichen Grüßen, {name}",
      "Bis bald!",
      "Liebe Grüße, {name}",
      "Danke für die schnelle Hilfe.",
      "Schönen Tag noch.",
    ],
    fills: {
      name: ["Anna", "Jonas", "Katharina", "Lukas", "Sabine", "Felix", "Miriam", "Stefan", "Jule", "Tobias"],
      city: [
        "Köln",
        "Leipzig",
        "München",
        "Hamburg",
        "Graz",
        "Zürich",
        "Nürnberg",
        "Dresden",
        "Bremen",
        "Würzburg",
      ],
      day: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
      thing: [
        "der Wasserkocher",
        "die Regenjacke",
        "der Rucksack",
        "das Ladegerät",
        "die Schreibtischlampe",
        "das Kochbuch",
        "der Schirm",
        "das Fahrrad",
      ],
    },
  },
};

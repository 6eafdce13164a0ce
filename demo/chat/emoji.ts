/** The emoji of the picker, with the words by which they are found. */

export const quickReactions = [
  ['👍', 'thumbs up'],
  ['❤️', 'heart'],
  ['😂', 'tears of joy'],
  ['😮', 'surprise'],
  ['😢', 'a tear'],
  ['🎉', 'party'],
] as const;

const smileys =
  '😀 grin happy,😃 smile,😄 laugh,😁 beam,😅 sweat relief,😂 joy tears,🤣 rolling,😊 blush,🙂 slight smile,😉 wink,😍 hearts love,😘 kiss,😋 yummy,😜 tongue,🤔 think,🤨 doubt,😐 neutral,🙄 eyes roll,😏 smirk,😴 sleep,😎 cool,🥳 party,😕 confused,😟 worried,😮 surprise,😳 flushed,🥺 plead,😢 cry,😭 sob,😱 scream,😡 angry,🤯 mind blown,🤗 hug,🤫 hush,🫡 salute,🤖 robot';
const gestures =
  '👍 thumbs up yes,👎 thumbs down no,👏 clap,🙌 hooray,🙏 please thanks,👋 wave hello bye,🤝 deal handshake,✌️ victory,🤞 fingers crossed,👌 ok,💪 strong,👀 eyes look,🧠 brain,👉 right,👆 up,🫶 heart hands,🤷 shrug,🤦 facepalm';
const hearts =
  '❤️ heart love,🧡 orange heart,💛 yellow heart,💚 green heart,💙 blue heart,💜 purple heart,🖤 black heart,💔 broken heart,✨ sparkles,⭐ star,🔥 fire,💯 hundred';
const things =
  '🎉 party tada,🎂 cake birthday,🎁 gift,🏆 trophy,☕ coffee,🍵 tea,🍺 beer,🍕 pizza,🍎 apple,🍫 chocolate,🌹 rose,🌻 sunflower,🌳 tree,🌍 earth world,☀️ sun,🌧️ rain,❄️ snow,🌙 moon,🐢 turtle,🐱 cat,🐶 dog,🐟 fish,🚀 rocket ship,🚲 bike,🚆 train,✈️ plane,🏠 home,⏰ alarm,📅 calendar,📎 clip,📌 pin,🔒 lock,🔑 key,💡 idea bulb,💻 laptop,📱 phone,🎵 music,📷 camera,✅ done check,❌ no cross,❓ question,❗ important,⚠️ warning,🐛 bug,🔧 tool,🚧 work construction';

export interface Emoji {
  readonly emoji: string;
  readonly words: string;
}

function parse(list: string): Emoji[] {
  return list.split(',').map((entry) => {
    const [emoji = '', ...words] = entry.split(' ');
    return { emoji, words: words.join(' ') };
  });
}

export const emojiGroups: readonly { readonly name: string; readonly all: readonly Emoji[] }[] = [
  { name: 'Smileys', all: parse(smileys) },
  { name: 'Gestures', all: parse(gestures) },
  { name: 'Hearts', all: parse(hearts) },
  { name: 'Things', all: parse(things) },
];

/** One to three emoji and nothing else: they are shown large. */
export function isOnlyEmoji(text: string): boolean {
  const letters = [...new Intl.Segmenter().segment(text.trim())];
  return letters.length > 0 && letters.length <= 3 && letters.every(({ segment }) => /^\p{RGI_Emoji}$/v.test(segment));
}

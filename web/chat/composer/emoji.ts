// The emoji of the picker, with words to find them by, in English and Chinese.
export interface Emoji {
  sign: string;
  words: string;
}

export interface EmojiGroup {
  name: "smileys" | "gestures" | "hearts" | "nature" | "food" | "things" | "signs";
  emoji: Emoji[];
}

// Each line: the sign, then its words.
const SMILEYS = `
😀 grin smile 笑
😄 happy laugh 开心
😁 beaming 呲牙
😆 laughing 大笑
😅 sweat nervous 汗
😂 tears joy lol 笑哭
🤣 rofl rolling 笑翻
🙂 slight smile 微笑
😉 wink 眨眼
😊 blush pleased 害羞
😇 angel innocent 天使
🥰 love adore 喜爱
😍 heart eyes 花痴
🤩 star struck wow 惊艳
😘 kiss 亲
😋 yum tasty 好吃
😛 tongue 吐舌
😜 crazy wink 调皮
🤗 hug 抱抱
🤭 giggle oops 捂嘴
🤫 quiet hush 嘘
🤔 think hmm 思考
🫡 salute yes 敬礼
🤨 doubt eyebrow 怀疑
😐 neutral 无语
😏 smirk 得意
🙄 eye roll 白眼
😬 grimace awkward 尴尬
😌 relieved 放心
😔 sad pensive 失落
😴 sleep tired 睡
😷 mask ill 口罩
🤒 fever ill 发烧
🥳 party celebrate 庆祝
😎 cool sunglasses 酷
🤓 nerd 书呆
😕 confused 困惑
😟 worried 担心
😮 surprised 惊讶
😲 astonished 震惊
🥺 pleading please 拜托
😢 cry sad 哭
😭 sob crying 大哭
😱 scream fear 惊恐
😤 proud huff 哼
😡 angry 生气
🤯 mind blown 爆炸
🥱 yawn bored 哈欠
👻 ghost 鬼
🤖 robot bot 机器人
`;
const GESTURES = `
👍 thumbs up yes good 赞
👎 thumbs down no 踩
👌 ok fine 好的
✌️ peace victory 耶
🤞 fingers crossed luck 好运
🤝 handshake deal 握手
👏 clap applause 鼓掌
🙌 hooray hands 万岁
🙏 thanks please pray 感谢
💪 strong muscle 加油
👋 wave hello bye 你好
✋ hand stop 手
👉 right point 右
👈 left point 左
👆 up point 上
👇 down point 下
✍️ write 写
👀 eyes look 看
🙋 raise hand question 举手
🤷 shrug unknown 摊手
🤦 facepalm 捂脸
🙇 bow sorry 鞠躬
🏃 run 跑
👩‍💻 developer work 工作
👨‍💻 developer work 工作
`;
const HEARTS = `
❤️ heart love red 爱心
🧡 orange heart 橙心
💛 yellow heart 黄心
💚 green heart 绿心
💙 blue heart 蓝心
💜 purple heart 紫心
🖤 black heart 黑心
🤍 white heart 白心
💔 broken heart 心碎
💯 hundred perfect 满分
🔥 fire hot 火
✨ sparkles 闪
⭐ star 星
🌟 glowing star 星
💥 boom 爆
💤 sleep zzz 睡
`;
const NATURE = `
🐶 dog 狗
🐱 cat 猫
🐭 mouse 鼠
🐰 rabbit 兔
🦊 fox 狐狸
🐻 bear 熊
🐼 panda 熊猫
🐯 tiger 虎
🐮 cow 牛
🐷 pig 猪
🐵 monkey 猴
🐔 chicken 鸡
🐧 penguin 企鹅
🦄 unicorn 独角兽
🐝 bee 蜜蜂
🐛 bug 虫
🐢 turtle slow 乌龟
🐳 whale 鲸
🌸 blossom flower 花
🌹 rose 玫瑰
🌻 sunflower 向日葵
🌲 tree 树
🍀 clover luck 四叶草
🌈 rainbow 彩虹
☀️ sun 太阳
🌙 moon 月亮
⛅ cloud 多云
🌧️ rain 雨
❄️ snow 雪
⚡ lightning fast 闪电
`;
const FOOD = `
🍎 apple 苹果
🍌 banana 香蕉
🍉 watermelon 西瓜
🍓 strawberry 草莓
🍑 peach 桃
🥑 avocado 牛油果
🌶️ chili hot 辣椒
🍞 bread 面包
🧀 cheese 奶酪
🍔 burger 汉堡
🍟 fries 薯条
🍕 pizza 披萨
🍜 noodles 面
🍚 rice 米饭
🍣 sushi 寿司
🥟 dumpling 饺子
🍰 cake 蛋糕
🎂 birthday cake 生日
🍪 cookie 饼干
🍫 chocolate 巧克力
☕ coffee 咖啡
🍵 tea 茶
🧋 bubble tea 奶茶
🍺 beer 啤酒
🍻 cheers 干杯
🥂 toast champagne 香槟
`;
const THINGS = `
🎉 party tada congratulations 庆祝
🎊 confetti 彩
🎁 gift 礼物
🧧 red envelope 红包
🏆 trophy win 奖杯
🥇 gold first 金牌
⚽ football 足球
🏀 basketball 篮球
🎮 game 游戏
🎵 music 音乐
📷 camera photo 相机
💻 laptop computer 电脑
📱 phone 手机
💡 idea light 主意
🔧 fix tool 修
🔒 lock 锁
🔑 key 钥匙
📌 pin 图钉
📎 clip attachment 回形针
📅 calendar date 日历
📈 chart up growth 上升
📉 chart down 下降
📦 package box 包裹
📝 note memo 笔记
📚 books 书
✉️ mail letter 邮件
💰 money 钱
🚀 rocket launch ship 火箭
✈️ plane travel 飞机
🚗 car 车
🚲 bike 自行车
🏠 home house 家
🏖️ beach holiday 海滩
⏰ alarm clock 闹钟
⏳ hourglass wait 沙漏
`;
const SIGNS = `
✅ done check yes 完成
❌ no cross wrong 错
❓ question 问
❗ important 重要
⚠️ warning 警告
🚫 forbidden no 禁止
➕ plus add 加
➖ minus 减
🔴 red 红
🟡 yellow 黄
🟢 green 绿
🔵 blue 蓝
🆗 ok 好
🆕 new 新
🔁 repeat 重复
➡️ right arrow 右
⬆️ up arrow 上
⬇️ down arrow 下
🏁 finish flag 终点
🚩 red flag 红旗
`;

function readGroup(name: EmojiGroup["name"], lines: string): EmojiGroup {
  const emoji = lines.trim().split("\n").map((line) => {
    const at = line.indexOf(" ");
    return { sign: line.slice(0, at), words: line.slice(at + 1) };
  });
  return { name, emoji };
}

export const EMOJI_GROUPS: EmojiGroup[] = [
  readGroup("smileys", SMILEYS),
  readGroup("gestures", GESTURES),
  readGroup("hearts", HEARTS),
  readGroup("nature", NATURE),
  readGroup("food", FOOD),
  readGroup("things", THINGS),
  readGroup("signs", SIGNS),
];

/** The reactions that are one click away. */
export const QUICK_REACTIONS = ["👍", "❤️", "😂", "🎉", "🙏", "👀"];

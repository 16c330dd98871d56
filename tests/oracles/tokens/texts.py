"""Texts that no estimator was fitted to: written for these tests, and code of the standard library."""

from __future__ import annotations

import functools
import heapq
import inspect
import json.decoder
import textwrap

CHINESE = (
    "清晨的菜市场总是最热闹的地方。卖豆腐的老张把木板一块一块摆好，旁边的阿姨正在挑选刚从地里摘下来的青菜。雨刚停，地上还有水，"
    "孩子们踩着水坑跑来跑去，大人一边喊他们小心，一边和熟人打招呼。老张说，他在这里卖了三十年豆腐，看着这条街从土路变成柏油路，"
    "又看着年轻人一个接一个搬走。可是每到周末，总有人开车回来，专门买他的豆腐，说城里买不到这个味道。他听了总是笑，说豆腐哪里都一样，"
    "不一样的是水，是人，是小时候坐在门口等着吃的那碗热汤。",
    "本公司二〇二六年第三季度营业收入为人民币十八亿四千万元，同比增长百分之十二点六，主要得益于海外市场的扩张和新产品线的推出。"
    "毛利率较上年同期下降了一点三个百分点，原因是原材料价格上涨以及物流成本增加。管理层预计，随着供应链逐步恢复正常，第四季度的毛利率将有所回升。"
    "董事会决定继续加大研发投入，重点支持工业软件、智能传感器和储能系统三个方向，并提请股东大会审议回购不超过两千万股股份的议案。",
    "量子纠缠是指两个或多个粒子之间存在的一种特殊关联：即使它们相距很远，对其中一个进行测量，也会立即影响对另一个的描述。"
    "需要注意的是，这种关联并不能用来超光速传递信息，因为测量结果本身是随机的，只有把双方的记录放在一起比较，才能看出其中的规律。"
    "上世纪六十年代，贝尔提出了一个不等式，使人们可以用实验检验是否存在局域的隐变量。后来的许多实验都表明，自然界违反了这个不等式。",
    "小林推开书店的门，风铃响了一声。店里没有人，只有一只橘色的猫趴在收银台上，尾巴垂下来，慢慢地晃。她走到最里面的书架前，"
    "抽出一本封面已经褪色的诗集，扉页上写着一行字：送给还没有学会告别的人。她想起十年前的那个夏天，他们坐在河边，他说以后要开一家书店，"
    "不为赚钱，只为让迷路的人有个地方可以躲雨。“你还是来了。”身后忽然有人说话，声音很轻，好像怕惊动了那只猫。",
    "安装之前请先确认电源已经断开。把底座放在平整的桌面上，用附带的四颗螺丝固定支架，注意不要拧得太紧，以免损坏螺纹。"
    "接着将显示屏对准卡槽，听到“咔嗒”一声即表示安装到位。首次开机时，指示灯会闪烁约十秒，随后进入语言选择界面。如果屏幕没有反应，"
    "请检查电源线是否插好，或者长按电源键八秒强制重新启动。仍然无法解决的，请拨打客服热线，并准备好产品序列号和购买凭证。"
    "本产品自购买之日起享受一年保修服务，人为损坏不在保修范围之内。",
    "关于城市垃圾分类，很多人觉得麻烦，其实习惯了就好。厨余垃圾可以堆肥，变成花园里的养料；废纸、塑料瓶和金属可以回收再利用；"
    "电池、过期药品属于有害垃圾，必须单独投放，否则会污染土壤和地下水。真正困难的不是分类本身，而是让每个环节都跟得上：如果居民分好了，"
    "清运车又把它们混在一起，那么大家的努力就白费了。所以我认为，与其不断宣传，不如先把运输和处理的流程公开，让人看得见结果。",
    "唐代是中国古典诗歌的黄金时代。李白的诗想象奇特，气势奔放，常常借月亮和酒抒发对自由的向往；杜甫则更关心百姓的疾苦，"
    "他的诗沉郁顿挫，被后人称为“诗史”。除此之外，王维把绘画的意境带进了山水诗，白居易提倡用浅显的语言写作，据说他写完诗要先念给不识字的老妇人听。"
    "不同的诗人有着不同的经历和性格，却共同构成了那个时代丰富多彩的精神世界，至今仍在影响着我们的语言和审美。",
)
ENGLISH = (
    "The ferry left at six, an hour late, with half its seats empty. Martha stood at the rail and watched the harbour "
    "lights slide together until they looked like a single thread. She had promised herself she would not think about "
    "the house, or about the boxes still piled in the hallway, but the mind does what it likes when there is nothing to "
    "do with the hands. A boy next to her was feeding crisps to the gulls. His mother told him to stop, twice, and then "
    "gave up and took a crisp herself.",
    "Interest rates influence the economy through several channels. When a central bank raises its policy rate, "
    "commercial lenders usually pass the increase on to households and firms, which makes borrowing more expensive. "
    "Spending on houses, vehicles and machinery tends to slow down first. At the same time, higher returns on deposits "
    "encourage saving, and the currency may appreciate as foreign investors look for better yields. None of these "
    "effects is immediate: most studies find that the full impact takes between twelve and twenty-four months.",
    "To replace the filter, switch the pump off and wait until the pressure gauge reads zero. Loosen the two wing nuts, "
    "lift the cover straight up, and pull out the old cartridge. Some water will spill, so keep a towel at hand. Rinse "
    "the housing, check that the rubber seal is clean and undamaged, then insert the new cartridge with the arrow "
    "pointing down. Tighten the nuts by hand only; a wrench will crack the cover. Finally, bleed the air by opening the "
    "valve on top until water runs without bubbles.",
    "Dear Mr. Okafor, thank you for your letter of 14 March concerning the delayed shipment (order no. 88-2041). We are "
    "sorry for the inconvenience. Our carrier informs us that the container was held at customs because one of the "
    "certificates was missing; we sent a corrected copy yesterday and expect release within three working days. Should "
    "the goods not reach you by the 28th, we will refund the freight charges in full. Please don't hesitate to call me "
    "directly if there's anything else you need. Yours sincerely, J. Whitfield",
    "Photosynthesis converts light into chemical energy. Inside the chloroplast, pigments absorb photons and pass the "
    "energy to a reaction centre, where electrons are lifted to a higher level and handed along a chain of proteins. The "
    "flow of electrons pumps protons across the thylakoid membrane, and the resulting gradient drives the synthesis of "
    "ATP. In a second stage, often called the Calvin cycle, carbon dioxide is fixed by the enzyme rubisco and reduced to "
    "simple sugars. Rubisco is slow and makes mistakes, which is one reason why plants need so much of it.",
    "I keep hearing that nobody reads long articles any more, and I don't believe it. What people won't do is read long "
    "articles that waste their time. Give them a good story, told honestly, with a beginning that earns the middle, and "
    "they'll follow you for ten thousand words on a phone screen while standing in a queue. The trouble isn't attention "
    "spans; it's padding. So here's my rule: if I can cut a paragraph and nobody would miss it, it was never part of the "
    "piece in the first place.",
    "Meeting notes, Thursday. Present: Ana, Piotr, Yusuf. 1) Release 4.2 slips by one week because the migration script "
    "failed on the staging copy; Piotr suspects duplicate rows in the orders table. 2) Support reports fewer complaints "
    "about logins since the cache was removed. 3) Budget: we have spent 61% of the yearly amount for cloud services, "
    "slightly under plan. 4) Yusuf will draft a proposal for the on-call rota before Monday. Action items are tracked "
    "in the usual board; nothing else was decided.",
)
OWN_CODE = (
    """export class Cart {
  constructor(private readonly prices: Map<string, number>, private items: Item[] = []) {}

  add(sku: string, quantity = 1): this {
    const found = this.items.find((item) => item.sku === sku);
    if (found) {
      found.quantity += quantity;
    } else {
      this.items.push({ sku, quantity });
    }
    return this;
  }

  total(): number {
    return this.items.reduce((sum, { sku, quantity }) => sum + (this.prices.get(sku) ?? 0) * quantity, 0);
  }
}
""",
    """package queue

import (
	"context"
	"errors"
	"sync"
)

var ErrClosed = errors.New("queue: closed")

type Queue[T any] struct {
	mu     sync.Mutex
	items  []T
	signal chan struct{}
	closed bool
}

func (q *Queue[T]) Push(item T) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	q.items = append(q.items, item)
	select {
	case q.signal <- struct{}{}:
	default:
	}
	return nil
}

func (q *Queue[T]) Pop(ctx context.Context) (item T, err error) {
	for {
		q.mu.Lock()
		if len(q.items) > 0 {
			item, q.items = q.items[0], q.items[1:]
			q.mu.Unlock()
			return item, nil
		}
		q.mu.Unlock()
		select {
		case <-ctx.Done():
			return item, ctx.Err()
		case <-q.signal:
		}
	}
}
""",
    """/// Merges overlapping ranges and returns them in order.
pub fn merge(mut ranges: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    ranges.sort_unstable_by_key(|&(start, _)| start);
    let mut merged: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_ranges_become_one() {
        assert_eq!(merge(vec![(5, 9), (0, 5)]), vec![(0, 9)]);
    }
}
""",
    """WITH monthly AS (
    SELECT customer_id,
           date_trunc('month', created_at) AS month,
           SUM(amount_cents) / 100.0       AS revenue
    FROM orders
    WHERE status = 'paid'
      AND created_at >= DATE '2026-01-01'
    GROUP BY customer_id, month
)
SELECT c.name, m.month, m.revenue,
       m.revenue - LAG(m.revenue) OVER (PARTITION BY m.customer_id ORDER BY m.month) AS change
FROM monthly m
JOIN customers c ON c.id = m.customer_id
WHERE c.country IN ('CN', 'DE', 'BR')
ORDER BY c.name, m.month DESC
LIMIT 500;
""",
    """#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct ring {
    uint8_t *data;
    size_t capacity;
    size_t head, tail;
};

static size_t ring_used(const struct ring *r)
{
    return (r->head + r->capacity - r->tail) % r->capacity;
}

int ring_write(struct ring *r, const uint8_t *src, size_t len)
{
    if (len >= r->capacity - ring_used(r))
        return -1;
    size_t first = r->capacity - r->head;
    if (first > len)
        first = len;
    memcpy(r->data + r->head, src, first);
    memcpy(r->data, src + first, len - first);
    r->head = (r->head + len) % r->capacity;
    return 0;
}
""",
    """public record Interval(Instant from, Instant until) {
    public Interval {
        Objects.requireNonNull(from, "from");
        if (until.isBefore(from)) {
            throw new IllegalArgumentException("until %s is before from %s".formatted(until, from));
        }
    }

    public Optional<Interval> intersection(Interval other) {
        Instant latest = from.isAfter(other.from) ? from : other.from;
        Instant earliest = until.isBefore(other.until) ? until : other.until;
        return latest.isBefore(earliest) ? Optional.of(new Interval(latest, earliest)) : Optional.empty();
    }
}
""",
    """#!/usr/bin/env bash
set -euo pipefail

backup_dir=${BACKUP_DIR:-/var/backups/app}
keep=${KEEP:-14}
stamp=$(date +%Y%m%dT%H%M%S)

mkdir -p "$backup_dir"
pg_dump --format=custom --file="$backup_dir/$stamp.dump" "$DATABASE_URL"
find "$backup_dir" -name '*.dump' -mtime "+$keep" -print -delete

if ! pg_restore --list "$backup_dir/$stamp.dump" >/dev/null; then
  echo "backup $stamp cannot be read" >&2
  exit 1
fi
""",
)
STANDARD = tuple(
    inspect.getsource(one)[:3000]
    for one in (
        textwrap.TextWrapper,
        heapq.merge,
        functools.singledispatch,
        functools.lru_cache,
        json.decoder.JSONDecoder,
        json.decoder.JSONArray,
    )
)
JSON = (
    json.dumps(
        {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "Name of the city, for example Chengdu"},
                "days": {"type": "integer", "minimum": 1, "maximum": 14},
                "units": {"enum": ["metric", "imperial"], "default": "metric"},
            },
            "required": ["city"],
            "additionalProperties": False,
        }
    ),
    json.dumps(
        [
            {"id": 48211 + at, "name": f"Sensor {at}", "value": round(20 + at / 7, 3), "ok": at % 5 != 0}
            for at in range(24)
        ],
        indent=2,
    ),
    json.dumps(
        {
            "订单号": "A20261129-0042",
            "收货人": {"姓名": "王小明", "城市": "成都", "电话": "13800000000"},
            "商品": [{"名称": "不锈钢保温杯", "数量": 2, "单价": 89.5}, {"名称": "无线鼠标", "数量": 1, "单价": 129}],
            "备注": "请在工作日送货，谢谢",
        },
        ensure_ascii=False,
    ),
)
MIXED = (
    "我们用 FastAPI 写了一个小服务，部署在 Kubernetes 集群里，入口是 Nginx Ingress。最近发现 P99 延迟从 120 ms 涨到 480 ms，"
    "排查之后确认是 PostgreSQL 的连接池太小：max_connections=20，而 worker 有 8 个，每个都开了 5 条连接。调整为 PgBouncer 的 "
    "transaction pooling 模式后恢复正常。建议在 README.md 里补充 `DATABASE_POOL_SIZE` 的说明，并在 Grafana 上加一个 alert。",
    "会议纪要：\n1. OKR review 安排在 12 月 5 日，各组提前把 self-assessment 发到 shared folder；\n2. 新的 design system 已经 merge 到 main，"
    "请大家用 `npm run migrate` 更新组件；\n3. 客户 Acme Corp. 反馈 dashboard 加载慢，Leo 负责跟进，预计 this week 给出 root cause。\n"
    "4. 下个 sprint 的重点是 billing 模块，尤其是 proration 和 refund 的边界情况。",
    "# 使用方法\n\n```python\nfrom shop import Client\n\nclient = Client(timeout=30)\nfor order in client.orders(status=\"paid\"):\n"
    "    print(order.id, order.total)\n```\n\n参数 `status` 可以是 `paid`、`open` 或 `refunded`；不传则返回全部订单。"
    "如果网络出现问题，会抛出 `ShopError`，请捕获后重试。更多例子见 docs/examples 目录。",
)
DIALOGUE = (
    "User: Hi, my parcel says delivered but I haven't got it.\nAgent: I'm sorry to hear that! Could you tell me the order "
    "number, please?\nUser: It's 7731-B.\nAgent: Thanks. The courier left it with a neighbour at number 12. Have you "
    "checked there?\nUser: No, hang on... yes, they've got it. Sorry for the trouble!\nAgent: No trouble at all. Is there "
    "anything else I can do for you today?\nUser: Nope, that's it. Cheers!",
    "用户：你好，我想改一下明天去上海的车票。\n客服：您好，请问您的订单号是多少？\n用户：我没记住，用手机号可以查吗？\n"
    "客服：可以的，请告诉我您预订时留的手机号后四位。\n用户：七七二九。\n客服：查到了，您买的是明天上午九点半的高铁，想改到什么时候？\n"
    "用户：下午三点以后都行，最好靠窗。\n客服：好的，下午三点四十有一班，还有靠窗的座位，需要补差价十二块五，您看可以吗？\n用户：可以，就这个吧，谢谢。",
)
EMOJI = (
    "Great job everyone!! 🎉🎉 The launch went perfectly 🚀 and the numbers look amazing 📈. Pizza at 6pm 🍕, bring your "
    "friends 👯 and your best dance moves 💃🕺! Don't forget: photos tomorrow morning 📸 at the main entrance, please wear "
    "the blue shirt 👕. Thank you all so much ❤️ see you there 😊",
    "今天终于考完试啦😭😭！大家辛苦了💪，晚上一起吃火锅🍲好不好？我请客😎，不过奶茶🧋要你们自己买哈哈哈😂。记得带身份证，吃完去唱歌🎤，"
    "谁也不许早退🙅！明天睡到自然醒😴，然后一起去看那部新电影🎬，听说特别感人，记得多带点纸巾🤧。爱你们❤️，晚上见👋",
)

TEXTS = {
    "chinese": CHINESE,
    "english": ENGLISH,
    "code": OWN_CODE + STANDARD,
    "json": JSON,
    "mixed": MIXED,
    "dialogue": DIALOGUE,
    "emoji": EMOJI,
}

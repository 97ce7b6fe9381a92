// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "uuid7_p.h"

#include "platform/forkcount_p.h"

#include <QtCore/qendian.h>
#include <QtCore/qrandom.h>

#include <chrono>

namespace Qanat {

namespace {

constexpr int CounterBits = 26;
constexpr quint32 CounterEnd = 1U << CounterBits;

constexpr quint64 rotatedLeft(quint64 value, int bits) noexcept
{
    return (value << bits) | (value >> (64 - bits));
}

// Trivial on purpose: a thread_local with a constructor costs a guard at every use.
struct Generator
{
    quint64 state[2];
    qint64 lastMSecs;
    quint32 counter;
    quint32 forks;
    bool seeded;

    void seed();
    quint64 random() noexcept;
    void beginMillisecond(qint64 msecs) noexcept;
};

thread_local Generator generator;

void Generator::seed()
{
    countForks();
    // A state of zeros would stay zero.
    do {
        QRandomGenerator::system()->fillRange(state);
    } while (state[0] == 0 && state[1] == 0);
    forks = forkCount.load(std::memory_order_relaxed);
    seeded = true;
}

// xoroshiro128+ (Blackman, Vigna 2018). Ids have to be unique, not secret.
quint64 Generator::random() noexcept
{
    const quint64 first = state[0];
    quint64 second = state[1];
    const quint64 result = first + second;
    second ^= first;
    state[0] = rotatedLeft(first, 24) ^ second ^ (second << 16);
    state[1] = rotatedLeft(second, 37);
    return result;
}

void Generator::beginMillisecond(qint64 msecs) noexcept
{
    lastMSecs = msecs;
    // The highest bit begins as zero, so that a millisecond has room for 2^25 ids at least.
    counter = static_cast<quint32>(random() >> (64 - (CounterBits - 1)));
}

} // namespace

Uuid7 makeUuid7()
{
    using namespace std::chrono;
    return makeUuid7At(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

Uuid7 makeUuid7At(qint64 now)
{
    Generator &own = generator;
    if (Q_UNLIKELY(!own.seeded || own.forks != forkCount.load(std::memory_order_relaxed)))
        own.seed();

    if (now > own.lastMSecs)
        own.beginMillisecond(now);
    else if (++own.counter == CounterEnd)
        own.beginMillisecond(own.lastMSecs + 1);

    const quint64 msecs = static_cast<quint64>(own.lastMSecs);
    const quint64 counter = own.counter;
    const quint64 high = (msecs << 16) | 0x7000U | (counter >> 14);
    const quint64 low = (quint64(0b10) << 62) | ((counter & 0x3fffU) << 48) | (own.random() >> 16);

    Uuid7 made{{}, now};
    qToBigEndian(high, made.bytes.data());
    qToBigEndian(low, made.bytes.data() + 8);
    return made;
}

QString uuidToText(const UuidBytes &bytes)
{
    static constexpr char digits[] = "0123456789abcdef";
    QString text(36, Qt::Uninitialized);
    QChar *out = text.data();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = u'-';
        *out++ = QLatin1Char(digits[bytes[i] >> 4]);
        *out++ = QLatin1Char(digits[bytes[i] & 0xf]);
    }
    return text;
}

std::optional<UuidBytes> uuidFromText(QStringView text) noexcept
{
    if (text.size() != 36)
        return std::nullopt;
    const auto nibble = [](QChar c) noexcept -> int {
        if (c >= u'0' && c <= u'9')
            return c.unicode() - u'0';
        if (c >= u'a' && c <= u'f')
            return c.unicode() - u'a' + 10;
        return -1;
    };
    UuidBytes bytes{};
    qsizetype at = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (text[at++] != u'-')
                return std::nullopt;
        }
        const int high = nibble(text[at++]);
        const int low = nibble(text[at++]);
        if (high < 0 || low < 0)
            return std::nullopt;
        bytes[i] = static_cast<uchar>((high << 4) | low);
    }
    return bytes;
}

} // namespace Qanat

// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "secretscrubber_p.h"

#include <QtCore/qurlquery.h>

#include <algorithm>

namespace Qanat {

namespace {

// What is shorter is a word, and no secret: answers would lose every "id" and "json".
constexpr qsizetype ShortestSecret = 6;

constexpr QByteArrayView Placeholder = "[...]";

// How much of the end is the beginning of a secret that was cut; 0 where that is no more than a word.
qsizetype sizeOfCut(const QByteArray &answer, const QByteArray &secret)
{
    for (qsizetype size = std::min(secret.size() - 1, answer.size()); size >= ShortestSecret; --size) {
        if (answer.endsWith(QByteArrayView(secret).first(size)))
            return size;
    }
    return 0;
}

bool isSeparator(char c)
{
    return c == ' ' || c == ':' || c == ',' || c == ';' || c == '=' || c == '"';
}

} // namespace

void SecretScrubber::note(const QByteArray &value)
{
    if (value.size() >= ShortestSecret && !m_secrets.contains(value))
        m_secrets.append(value);
}

void SecretScrubber::add(const QByteArray &value)
{
    note(value);
    qsizetype begin = 0;
    for (qsizetype i = 0; i <= value.size(); ++i) {
        if (i < value.size() && !isSeparator(value[i]))
            continue;
        note(value.mid(begin, i - begin));
        begin = i + 1;
    }
}

void SecretScrubber::addCredentials(const QByteArray &value)
{
    add(value);
    static constexpr QByteArrayView basic = "Basic ";
    if (value.size() > basic.size()
        && QByteArrayView(value).first(basic.size()).compare(basic, Qt::CaseInsensitive) == 0)
        add(QByteArray::fromBase64(value.mid(basic.size())));
}

void SecretScrubber::add(const QUrl &url)
{
    const auto addText = [this](const QString &text) { note(text.toUtf8()); };
    for (const auto option : {QUrl::FullyEncoded, QUrl::FullyDecoded}) {
        addText(url.path(option));
        addText(url.query(option));
        const QStringList segments = url.path(option).split(u'/');
        for (const QString &segment : segments)
            addText(segment);
        const auto items = QUrlQuery(url).queryItems(option);
        for (const auto &item : items)
            addText(item.second);
    }
}

QString SecretScrubber::scrubbed(QByteArray answer) const
{
    QList<QByteArray> secrets = m_secrets;
    // The longest first, or a part of it would spoil the whole.
    std::sort(secrets.begin(), secrets.end(),
              [](const auto &one, const auto &other) { return one.size() > other.size(); });
    // What is put in for one may be a part of another. It is shorter than any, so this ends.
    for (qsizetype before = -1; before != answer.size();) {
        before = answer.size();
        for (const QByteArray &secret : std::as_const(secrets))
            answer.replace(secret, Placeholder);
        qsizetype cut = 0;
        for (const QByteArray &secret : std::as_const(secrets))
            cut = std::max(cut, sizeOfCut(answer, secret));
        if (cut > 0)
            answer.replace(answer.size() - cut, cut, Placeholder);
    }
    return QString::fromUtf8(answer);
}

} // namespace Qanat

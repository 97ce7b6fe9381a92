// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "jsonscanner_p.h"

#include "eventvalue_p.h"

#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>

#include <algorithm>
#include <charconv>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

bool isDigit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

const char *skipDigits(const char *at, const char *end) noexcept
{
    return std::find_if_not(at, end, isDigit);
}

enum class NumberForm : quint8 { Wrong, Integer, Decimal, Exponent };

// RFC 8259, section 6.
NumberForm formOfNumber(QByteArrayView token) noexcept
{
    const char *at = token.begin();
    const char *const end = token.end();
    NumberForm form = NumberForm::Integer;
    if (at != end && *at == '-')
        ++at;
    const char *const whole = at;
    at = skipDigits(at, end);
    if (at == whole || (*whole == '0' && at - whole > 1))
        return NumberForm::Wrong;
    if (at != end && *at == '.') {
        form = NumberForm::Decimal;
        const char *const fraction = ++at;
        at = skipDigits(at, end);
        if (at == fraction)
            return NumberForm::Wrong;
    }
    if (at != end && (*at == 'e' || *at == 'E')) {
        form = NumberForm::Exponent;
        ++at;
        if (at != end && (*at == '+' || *at == '-'))
            ++at;
        const char *const exponent = at;
        at = skipDigits(at, end);
        if (at == exponent)
            return NumberForm::Wrong;
    }
    return at == end ? form : NumberForm::Wrong;
}

bool fitsInteger(QByteArrayView token) noexcept
{
    qint64 value = 0;
    return std::from_chars(token.begin(), token.end(), value).ec == std::errc();
}

} // namespace

JsonScanner::JsonScanner(QByteArrayView json, QStringView rootName)
    : m_json(json)
    , m_rootName(rootName)
{
}

QString JsonScanner::findFault()
{
    while (m_at < m_json.size() && m_fault.isEmpty())
        scanToken();
    return m_fault;
}

void JsonScanner::scanToken()
{
    const char c = m_json[m_at];
    if (c == '"')
        return scanString();
    if (c == '-' || c == '.' || isDigit(c))
        return scanNumber();
    ++m_at;
    if (c == '{' || c == '[')
        open(c);
    else if (c == '}' || c == ']')
        close();
    else if (c == ',')
        nextItem();
}

void JsonScanner::open(char bracket)
{
    const bool isMap = bracket == '{';
    m_levels.push_back({isMap, 0, m_keys.size(), {}});
    m_atKey = isMap;
}

void JsonScanner::close()
{
    if (m_levels.empty())
        return;
    const Level level = m_levels.back();
    if (level.isMap)
        findDuplicate(level);
    m_keys.resize(level.firstKey);
    m_levels.pop_back();
    m_atKey = false;
}

void JsonScanner::nextItem()
{
    if (m_levels.empty())
        return;
    ++m_levels.back().index;
    m_atKey = m_levels.back().isMap;
}

void JsonScanner::findDuplicate(const Level &level)
{
    const auto begin = m_keys.begin() + std::ptrdiff_t(level.firstKey);
    std::sort(begin, m_keys.end());
    const auto twice = std::adjacent_find(begin, m_keys.end());
    if (twice == m_keys.end())
        return;
    m_levels.back().key = *twice;
    fail(ValueFault::DuplicateKey);
}

void JsonScanner::scanString()
{
    const qsizetype begin = ++m_at;
    bool hasEscape = false;
    for (; m_at < m_json.size() && m_json[m_at] != '"'; ++m_at) {
        if (static_cast<uchar>(m_json[m_at]) < 0x20)
            return fail(QT_TRANSLATE_NOOP("Qanat", "text with a control character that is not escaped"));
        if (m_json[m_at] != '\\')
            continue;
        hasEscape = true;
        if (++m_at == m_json.size())
            return;
        if (!QByteArrayView("\"\\/bfnrtu").contains(m_json[m_at]))
            return fail(QT_TRANSLATE_NOOP("Qanat", "text with an escape that JSON does not have"));
    }
    const QByteArrayView text = m_json.sliced(begin, m_at - begin);
    if (m_at < m_json.size())
        ++m_at;
    if (!m_atKey || m_levels.empty())
        return;
    m_atKey = false;
    m_levels.back().key = hasEscape ? unescaped(text) : text;
    m_keys.push_back(m_levels.back().key);
}

QByteArrayView JsonScanner::unescaped(QByteArrayView key)
{
    const auto document = QJsonDocument::fromJson("[\"" + key.toByteArray() + "\"]");
    m_unescaped.push_back(document.array().at(0).toString().toUtf8());
    return m_unescaped.back();
}

void JsonScanner::scanNumber()
{
    const qsizetype begin = m_at;
    while (m_at < m_json.size() && (isDigit(m_json[m_at]) || QByteArrayView("+-.eE").contains(m_json[m_at])))
        ++m_at;
    checkNumber(m_json.sliced(begin, m_at - begin));
}

void JsonScanner::checkNumber(QByteArrayView token)
{
    // Without an exponent it takes this many characters to leave the range of a double.
    constexpr qsizetype shortestExtreme = 300;
    const NumberForm form = formOfNumber(token);
    if (form == NumberForm::Wrong)
        return fail(QT_TRANSLATE_NOOP("Qanat", "not a number of JSON"));
    if (form == NumberForm::Integer) {
        if (!fitsInteger(token))
            fail(ValueFault::IntegerRange);
        return;
    }
    if (form == NumberForm::Decimal && token.size() < shortestExtreme)
        return;
    bool fits = false;
    [[maybe_unused]] const double value = token.toDouble(&fits);
    if (!fits)
        fail(QT_TRANSLATE_NOOP("Qanat", "a number that a double cannot hold cannot be carried"));
}

void JsonScanner::fail(const char *reason)
{
    std::vector<QString> keys(m_levels.size());
    std::vector<ValuePath> steps(m_levels.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Level &level = m_levels[i];
        keys[i] = QString::fromUtf8(level.key);
        steps[i] = {i == 0 ? nullptr : &steps[i - 1], keys[i], level.isMap ? -1 : level.index};
    }
    if (!steps.empty() && !m_rootName.isEmpty())
        steps.front() = {nullptr, m_rootName, -1};
    m_fault = (steps.empty() ? m_rootName.toString() : steps.back().toString()) + u": "_s + Text::tr(reason);
}

} // namespace Qanat

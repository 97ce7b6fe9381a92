// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "selection_p.h"

#include "completion_p.h"
#include "text_p.h"

using namespace Qt::StringLiterals;

namespace Qanat {

Selection::Selection(const Batch &batch)
    : m_batch(batch)
{
    m_passed.reserve(size_t(batch.size()));
}

void Selection::pass()
{
    if (m_isChanged)
        m_changed.append(m_batch[m_next]);
    m_passed.push_back(m_next++);
}

void Selection::pass(const Event &changed)
{
    if (!m_isChanged) {
        m_isChanged = true;
        for (const qsizetype position : m_passed)
            m_changed.append(m_batch[position]);
    }
    m_changed.append(changed);
    m_passed.push_back(m_next++);
}

void Selection::settle(const Delivery &delivery)
{
    const bool isNeighbour = !m_outcomes.empty() && m_outcomes.back().position + m_outcomes.back().count == m_next;
    if (isNeighbour && m_outcomes.back().delivery == delivery)
        ++m_outcomes.back().count;
    else
        m_outcomes.push_back({m_next, 1, delivery});
    ++m_next;
}

std::pair<Batch, Completion> Selection::take(Completion completion)
{
    if (m_passed.empty()) {
        for (const Outcome &outcome : m_outcomes)
            completion.settle(outcome.count, outcome.delivery);
        return {};
    }
    if (m_outcomes.empty())
        return {m_isChanged ? m_batch.withEvents(m_changed) : m_batch, std::move(completion)};
    const Batch batch = m_isChanged ? m_batch.withEvents(m_changed) : m_batch.pick(m_passed);
    const auto ledger = std::make_shared<Ledger>(std::move(completion), m_batch.size());
    Completion rest = ledger->onlyPart(std::move(m_passed));
    for (const Outcome &outcome : m_outcomes)
        ledger->settle(outcome.position, outcome.count, outcome.delivery);
    return {batch, std::move(rest)};
}

Delivery Selection::thrown(const char *what)
{
    const QString text =
        what ? Text::tr("an exception left a function that looks at events: %1").arg(QString::fromLocal8Bit(what))
             : Text::tr("an exception left a function that looks at events");
    return Delivery::failed(Delivery::Error::Exception, text, Delivery::Retry::Never);
}

} // namespace Qanat

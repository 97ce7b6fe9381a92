// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_SELECTION_P_H
#define QANAT_CORE_SELECTION_P_H

#include "Qanat/core/batch.h"
#include "Qanat/core/completion.h"
#include "Qanat/core/delivery.h"

#include <QtCore/qlist.h>

#include <exception>
#include <utility>
#include <vector>

namespace Qanat {

/*
 * What a wrapper makes of a batch: events that go on to its target, as they are or changed, and outcomes for those that do
 * not. The positions of what goes on are mapped back, so that the outcomes come in the order of the batch.
 */
class Selection
{
public:
    explicit Selection(const Batch &batch);

    // Calls decide(event) for each; it calls one of the functions below. What it throws fails that event for good.
    template<typename Decide>
    void decideEach(Decide decide);

    void pass();
    void pass(const Event &changed);
    void settle(const Delivery &delivery);

    // Settles what does not go on. Answers what does, with the completion for it: the batch is empty where nothing does.
    std::pair<Batch, Completion> take(Completion completion);

private:
    // Of neighbours that have the same.
    struct Outcome
    {
        qsizetype position;
        qsizetype count;
        Delivery delivery;
    };
    static Delivery thrown(const char *what);

    const Batch m_batch;
    qsizetype m_next = 0;
    std::vector<qsizetype> m_passed;
    QList<Event> m_changed; // All that passed, once one of them was changed.
    std::vector<Outcome> m_outcomes;
    bool m_isChanged = false;
};

template<typename Decide>
void Selection::decideEach(Decide decide)
{
    for (const Event &event : m_batch) {
        try {
            decide(event);
        } catch (const std::exception &error) {
            settle(thrown(error.what()));
        } catch (...) {
            settle(thrown(nullptr));
        }
    }
}

} // namespace Qanat

#endif
